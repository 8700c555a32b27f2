// SPDX-License-Identifier: AGPL-3.0-or-later
// Calendars and contacts in files: directories of ".ics" or ".vcf", one item or many in each. Nothing is written there.
#pragma once

#include <memory>

#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

// options.kind: ics or vcf.
Result<std::unique_ptr<Source>> open_item_file_source(const SourceOptions& options);

}  // namespace kontor::migrate
