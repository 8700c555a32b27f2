// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/sequence_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace kontor::wire::imap {
namespace {

// A number or "*" (0) from the front of `text`.
std::optional<std::uint32_t> take_sequence_number(std::string_view& text) {
  if (text.starts_with('*')) {
    text.remove_prefix(1);
    return 0;
  }
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number == 0 || text[0] == '0') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

void append(Ranges& ranges, std::uint32_t number) {
  if (!ranges.empty() && std::uint64_t{ranges.back().last} + 1 >= number) {
    ranges.back().last = std::max(ranges.back().last, number);
  } else {
    ranges.push_back({number, number});
  }
}

bool contains(const Ranges& ranges, std::uint32_t number) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), number,
                                      [](std::uint32_t n, const Range& range) { return n < range.first; });
  return after != ranges.begin() && std::prev(after)->last >= number;
}

std::uint64_t count(const Ranges& ranges) {
  std::uint64_t total = 0;
  for (const auto& range : ranges) total += std::uint64_t{range.last} - range.first + 1;
  return total;
}

std::string print(const Ranges& ranges) {
  std::string out;
  for (const auto& range : ranges) {
    if (!out.empty()) out.push_back(',');
    fmt::format_to(std::back_inserter(out), "{}", range.first);
    if (range.last != range.first) fmt::format_to(std::back_inserter(out), ":{}", range.last);
  }
  return out;
}

Ranges canonical(std::vector<Range> ranges) {
  for (auto& range : ranges) {
    if (range.first > range.last) std::swap(range.first, range.last);
  }
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  Ranges merged;
  for (const auto& range : ranges) {
    if (!merged.empty() && std::uint64_t{merged.back().last} + 1 >= range.first) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

std::optional<SequenceSet> SequenceSet::parse(std::string_view text) {
  SequenceSet set;
  set.is_saved_result_ = text == "$";
  if (set.is_saved_result_) return set;
  while (true) {
    const auto first = take_sequence_number(text);
    if (!first || set.ranges_.size() == kMaxRanges) return std::nullopt;
    auto last = first;
    if (text.starts_with(':')) {
      text.remove_prefix(1);
      last = take_sequence_number(text);
      if (!last) return std::nullopt;
    }
    set.ranges_.push_back({*first, *last});
    if (text.empty()) return set;
    if (text[0] != ',') return std::nullopt;
    text.remove_prefix(1);
  }
}

Ranges SequenceSet::resolve(std::uint32_t star) const {
  std::vector<Range> resolved;
  resolved.reserve(ranges_.size());
  for (auto range : ranges_) {
    if (range.first == kStar) range.first = star;
    if (range.last == kStar) range.last = star;
    if (range.first != 0 && range.last != 0) resolved.push_back(range);
  }
  return canonical(std::move(resolved));
}

std::string SequenceSet::print() const {
  const auto number = [](std::uint32_t n) { return n == kStar ? std::string("*") : std::to_string(n); };
  std::string out(is_saved_result_ ? "$" : "");
  for (const auto& range : ranges_) {
    if (!out.empty()) out.push_back(',');
    out += number(range.first);
    if (range.last != range.first) out += ":" + number(range.last);
  }
  return out;
}

bool SequenceSet::has_star() const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [](const Range& range) { return range.first == kStar || range.last == kStar; });
}

}  // namespace kontor::wire::imap
