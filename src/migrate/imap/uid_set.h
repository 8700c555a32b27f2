// SPDX-License-Identifier: AGPL-3.0-or-later
// UIDs of a folder as ranges: small, however many there are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kontor::migrate {

class UidSet {
 public:
  using Range = std::pair<std::uint32_t, std::uint32_t>;

  UidSet() = default;
  // In any order, overlapping or not.
  explicit UidSet(std::vector<Range> ranges);
  static UidSet parse(std::string_view text);

  bool empty() const { return ranges_.empty(); }
  std::uint64_t size() const;
  bool contains(std::uint32_t uid) const;
  const std::vector<Range>& ranges() const { return ranges_; }
  std::vector<std::uint32_t> numbers() const;  // ascending
  UidSet without(const UidSet& other) const;
  UidSet common(const UidSet& other) const;
  UidSet with(const UidSet& other) const;
  std::string text() const;  // "1:5,7"; empty if there are none
  // The members in pieces of at most `count`, in ascending order.
  std::vector<UidSet> windows(std::uint32_t count) const;

 private:
  std::vector<Range> ranges_;  // ascending, disjoint, not adjacent
};

// Ascending numbers.
UidSet make_uid_set(std::span<const std::uint32_t> numbers);

}  // namespace kontor::migrate
