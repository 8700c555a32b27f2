// SPDX-License-Identifier: AGPL-3.0-or-later
// An account's settings, and who there is at the source, on their way: with the target's addresses, within what an
// archive takes, and as rows of the report.
#pragma once

#include <string>
#include <vector>

#include "formats/archive/answer.h"
#include "formats/archive/settings.h"
#include "migrate/mapping.h"
#include "migrate/report.h"
#include "migrate/source.h"

namespace kontor::migrate {

std::vector<archive::Grant> mapped_grants(std::vector<archive::Grant> grants, const Mapping& mapping);
archive::Settings mapped_settings(archive::Settings settings, const Mapping& mapping);
archive::Principal mapped_principal(archive::Principal principal, const Mapping& mapping);

// What of them goes into an archive, and the row that says so.
struct PackedSettings {
  archive::Settings settings;
  FolderReport row;
};
PackedSettings pack_settings(SourceSettings settings, const Mapping& mapping);
FolderReport settings_row();

// What the importer did with them. Also of principals.
void add_settings_answer(const archive::Answer& answer, FolderReport& row);

}  // namespace kontor::migrate
