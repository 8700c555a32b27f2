// SPDX-License-Identifier: AGPL-3.0-or-later
// Sets of sequence numbers or UIDs (RFC 3501 section 9, sequence-set), kept as ranges: "1:4294967295" costs one range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::wire::imap {

struct Range {
  bool operator==(const Range&) const = default;
  std::uint32_t first = 0;
  std::uint32_t last = 0;  // included
};

// Ascending, without overlaps and without neighbours: the canonical form.
using Ranges = std::vector<Range>;

// Adds `number`, which must not be below what is there already.
void append(Ranges& ranges, std::uint32_t number);
bool contains(const Ranges& ranges, std::uint32_t number);
std::uint64_t count(const Ranges& ranges);
std::string print(const Ranges& ranges);      // "1:3,7"; empty for none
Ranges canonical(std::vector<Range> ranges);  // any order and overlap; first and last may be swapped

// As a client wrote it, "*" not yet resolved.
class SequenceSet {
 public:
  static constexpr std::size_t kMaxRanges = 32'768;

  // Nothing if it is not a sequence set, or has more ranges than kMaxRanges. "$" is the saved result of a search (RFC
  // 5182): it resolves to nothing here, for only the session knows it.
  static std::optional<SequenceSet> parse(std::string_view text);

  // With "*" as the largest number in use. 0 = the folder is empty: then "*" stands for nothing and a range with it is
  // dropped.
  Ranges resolve(std::uint32_t star) const;
  std::string print() const;  // as written, canonical in spelling only
  bool has_star() const;
  bool is_saved_result() const { return is_saved_result_; }

 private:
  static constexpr std::uint32_t kStar = 0;  // no number in a set is 0
  std::vector<Range> ranges_;
  bool is_saved_result_ = false;
};

}  // namespace kontor::wire::imap
