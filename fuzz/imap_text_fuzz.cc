// SPDX-License-Identifier: AGPL-3.0-or-later
// links: wire formats base
// Modified UTF-7, sequence sets and list patterns.
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/imap/list_pattern.h"
#include "wire/imap/mutf7.h"
#include "wire/imap/sequence_set.h"

using namespace kontor::wire::imap;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_set(std::string_view text) {
  const auto set = SequenceSet::parse(text);
  if (!set) return;
  const auto again = SequenceSet::parse(set->print());
  require(again && again->print() == set->print());
  for (const std::uint32_t star : {0U, 1U, 7U, 0xffff'ffffU}) {
    const Ranges ranges = set->resolve(star);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      require(ranges[i].first != 0 && ranges[i].first <= ranges[i].last);
      require(i == 0 || std::uint64_t{ranges[i - 1].last} + 1 < ranges[i].first);
      require(contains(ranges, ranges[i].first) && contains(ranges, ranges[i].last));
    }
    if (ranges.empty()) continue;
    const auto printed = SequenceSet::parse(print(ranges));
    require(ranges.size() > SequenceSet::kMaxRanges || (printed && printed->resolve(star) == ranges));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto decoded = decode_mutf7(text)) require(encode_mutf7(*decoded) == text);
  const std::string encoded = encode_mutf7(text);
  const auto back = decode_mutf7(encoded);
  require(back && encode_mutf7(*back) == encoded);
  check_set(text);
  if (size > 0 && size < 200) {
    const std::size_t half = data[0] % size;
    const ListPattern pattern{std::string(text.substr(0, half))};
    pattern.matches(text.substr(half));
    require(ListPattern("*").matches(text));
    require(ListPattern("%").matches(text) == (text.find('/') == std::string_view::npos));
  }
  return 0;
}
