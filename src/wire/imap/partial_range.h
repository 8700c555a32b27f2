// SPDX-License-Identifier: AGPL-3.0-or-later
// Which results of many a client wants (RFC 9394): "1:100" are the first hundred, "-1:-100" the last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "wire/imap/cursor.h"

namespace kontor::wire::imap {

struct PartialRange {
  std::uint32_t first = 1;  // never 0, never above last; counted from the end if from_end
  std::uint32_t last = 1;
  bool from_end = false;

  // Which of `count` results these are: from, and before which; none where both are equal.
  std::pair<std::size_t, std::size_t> cut(std::size_t count) const;
  std::string print() const;
};

// Both ends must have the same sign, in any order (RFC 9394 section 3.1).
PartialRange parse_partial_range(Cursor& in);

}  // namespace kontor::wire::imap
