// SPDX-License-Identifier: AGPL-3.0-or-later
#pragma once

#include <cstdint>

#include "formats/archive/record.h"
#include "migrate/mapping.h"
#include "migrate/source.h"

namespace kontor::migrate {

// A listed item as an archive's record, without what only the content tells: its size and hash.
archive::Item item_record(std::uint32_t folder, const SourceItem& item);

// A folder as an archive's record, on its way to that path, with the target's addresses.
archive::Folder folder_record(std::uint32_t number, const SourceFolder& folder, const SourcePath& goes_to,
                              const Mapping& mapping);

}  // namespace kontor::migrate
