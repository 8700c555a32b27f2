// SPDX-License-Identifier: AGPL-3.0-or-later
// A list of items of any length in constant memory: what does not fit lies in a temporary file.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "formats/archive/spool.h"
#include "migrate/source.h"

namespace kontor::migrate {

// Append, then visit ranges by position. Not thread-safe.
class ItemList {
 public:
  explicit ItemList(std::size_t memory = 256 << 10) : spool_(memory) {}
  // Errors: unavailable (no space for temporary files).
  Result<void> add(const SourceItem& item);
  std::uint64_t position() const { return spool_.size(); }  // of the next item
  // Visits the items that lie in [first, last): positions taken between additions.
  Result<void> each(std::uint64_t first, std::uint64_t last,
                    const std::function<Result<void>(const SourceItem&)>& visit) const;
  void clear() { spool_.clear(); }

 private:
  archive::Spool spool_;
};

}  // namespace kontor::migrate
