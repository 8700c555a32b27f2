// SPDX-License-Identifier: AGPL-3.0-or-later
// Visits the summaries of many rows of a view, a bounded number of bytes at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "formats/mime/summary_generated.h"
#include "groupware/account.h"

namespace kontor::groupware {

// Calls `visit` once for each of `positions` from the `next` one on, in any order within a block, with null for an item
// that is gone; stops after enough for one turn and moves `next` on. Errors: as Reader::summaries.
Result<void> each_summary(const Reader& reader, const FolderView& view, const std::vector<std::uint32_t>& positions,
                          std::size_t& next,
                          const std::function<void(std::size_t index, const mime::fb::Summary*)>& visit);

}  // namespace kontor::groupware
