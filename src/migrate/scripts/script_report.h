// SPDX-License-Identifier: AGPL-3.0-or-later
// Scripts on their way, as one row of the report.
#pragma once

#include <optional>
#include <vector>

#include "formats/archive/answer.h"
#include "formats/archive/record.h"
#include "migrate/report.h"
#include "migrate/source.h"

namespace kontor::migrate {

// What of them goes into an archive, and the row that says so.
struct PackedScripts {
  std::vector<archive::Script> scripts;
  FolderReport row;
};
PackedScripts pack_scripts(const std::vector<SourceScript>& scripts);

// What the importer did with them.
void add_script_answer(const archive::Answer& answer, FolderReport& row);

}  // namespace kontor::migrate
