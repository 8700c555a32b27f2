// SPDX-License-Identifier: AGPL-3.0-or-later
// A source's item as an archive records it.
#pragma once

#include <cstdint>

#include "formats/archive/record.h"
#include "migrate/source.h"

namespace kontor::migrate {

// Without what only the content tells: its size and hash.
archive::Item item_record(std::uint32_t folder, const SourceItem& item);

}  // namespace kontor::migrate
