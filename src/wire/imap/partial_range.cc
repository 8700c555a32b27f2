// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/partial_range.h"

#include <algorithm>

namespace kontor::wire::imap {

std::pair<std::size_t, std::size_t> PartialRange::cut(std::size_t count) const {
  const std::size_t near = std::min<std::size_t>(first - 1, count);
  const std::size_t far = std::min<std::size_t>(last, count);
  if (from_end) return {count - far, count - near};
  return {near, far};
}

std::string PartialRange::print() const {
  const std::string sign = from_end ? "-" : "";
  return sign + std::to_string(first) + ":" + sign + std::to_string(last);
}

PartialRange parse_partial_range(Cursor& in) {
  PartialRange range;
  range.from_end = in.take('-');
  range.first = in.nz_number();
  in.expect(':');
  if (in.take('-') != range.from_end) in.fail("both ends of a partial range count from the same side");
  range.last = in.nz_number();
  if (in.failed()) return PartialRange();
  if (range.first > range.last) std::swap(range.first, range.last);
  return range;
}

}  // namespace kontor::wire::imap
