// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/imap/uid_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/imap/response.h"

namespace kontor::migrate {

UidSet::UidSet(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end());
  for (const auto& range : ranges) {
    if (range.first == 0 || range.second < range.first) continue;
    if (!ranges_.empty() && std::uint64_t{ranges_.back().second} + 1 >= range.first)
      ranges_.back().second = std::max(ranges_.back().second, range.second);
    else
      ranges_.push_back(range);
  }
}

UidSet UidSet::parse(std::string_view text) { return UidSet(wire::imap::client::parse_ranges(text)); }

std::uint64_t UidSet::size() const {
  std::uint64_t count = 0;
  for (const auto& [first, last] : ranges_) count += std::uint64_t{last} - first + 1;
  return count;
}

bool UidSet::contains(std::uint32_t uid) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), Range{uid, UINT32_MAX});
  return after != ranges_.begin() && std::prev(after)->second >= uid;
}

std::vector<std::uint32_t> UidSet::numbers() const {
  std::vector<std::uint32_t> out;
  out.reserve(size());
  for (const auto& [first, last] : ranges_)
    for (std::uint64_t uid = first; uid <= last; ++uid) out.push_back(static_cast<std::uint32_t>(uid));
  return out;
}

UidSet UidSet::without(const UidSet& other) const {
  std::vector<Range> out;
  auto hole = other.ranges_.begin();
  for (auto [first, last] : ranges_) {
    std::uint64_t start = first;
    while (hole != other.ranges_.end() && hole->second < start) ++hole;
    for (auto h = hole; h != other.ranges_.end() && h->first <= last; ++h) {
      if (h->first > start) out.emplace_back(static_cast<std::uint32_t>(start), h->first - 1);
      start = std::uint64_t{h->second} + 1;
    }
    if (start <= last) out.emplace_back(static_cast<std::uint32_t>(start), last);
  }
  return UidSet(std::move(out));
}

UidSet UidSet::common(const UidSet& other) const {
  std::vector<Range> out;
  auto b = other.ranges_.begin();
  for (const auto& a : ranges_) {
    while (b != other.ranges_.end() && b->second < a.first) ++b;
    for (auto c = b; c != other.ranges_.end() && c->first <= a.second; ++c)
      out.emplace_back(std::max(a.first, c->first), std::min(a.second, c->second));
  }
  return UidSet(std::move(out));
}

UidSet UidSet::with(const UidSet& other) const {
  auto all = ranges_;
  all.insert(all.end(), other.ranges_.begin(), other.ranges_.end());
  return UidSet(std::move(all));
}

std::string UidSet::text() const {
  std::string out;
  for (const auto& [first, last] : ranges_) {
    if (!out.empty()) out += ',';
    if (first == last)
      fmt::format_to(std::back_inserter(out), "{}", first);
    else
      fmt::format_to(std::back_inserter(out), "{}:{}", first, last);
  }
  return out;
}

std::vector<UidSet> UidSet::windows(std::uint32_t count) const {
  std::vector<UidSet> out;
  std::vector<Range> piece;
  std::uint64_t in_piece = 0;
  for (const auto& [first, last] : ranges_) {
    std::uint64_t start = first;
    while (start <= last) {
      const auto take = std::min<std::uint64_t>(count - in_piece, last - start + 1);
      piece.emplace_back(static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(start + take - 1));
      start += take;
      in_piece += take;
      if (in_piece == count) {
        out.emplace_back(std::exchange(piece, {}));
        in_piece = 0;
      }
    }
  }
  if (!piece.empty()) out.emplace_back(std::move(piece));
  return out;
}

UidSet make_uid_set(std::span<const std::uint32_t> numbers) {
  std::vector<UidSet::Range> ranges;
  for (const auto uid : numbers) {
    if (!ranges.empty() && ranges.back().second + 1 == uid)
      ranges.back().second = uid;
    else
      ranges.emplace_back(uid, uid);
  }
  return UidSet(std::move(ranges));
}

}  // namespace kontor::migrate
