// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/list_pattern.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace kontor::wire::imap {

ListPattern::ListPattern(std::string pattern) {
  pattern_.reserve(pattern.size());
  for (const char c : pattern) {
    if (!pattern_.empty() && (c == '*' || c == '%') && pattern_.back() == '*') continue;  // "**" and "*%" are "*"
    if (c == '*') {
      while (pattern_.ends_with('%')) pattern_.pop_back();
    }
    if (c == '%' && pattern_.ends_with('%')) continue;
    pattern_.push_back(c);
  }
  constexpr std::string_view kInbox = "INBOX";
  const bool ends = pattern_.size() == kInbox.size() ||
                    (pattern_.size() > kInbox.size() && std::string_view("/*%").contains(pattern_[kInbox.size()]));
  if (ends && iequals(std::string_view(pattern_).substr(0, kInbox.size()), kInbox)) {
    std::copy(kInbox.begin(), kInbox.end(), pattern_.begin());
  }
}

// reach[i]: the pattern's first i characters match the name. All 0 where nothing can follow that matches.
std::vector<std::uint8_t> ListPattern::read(std::string_view name) const {
  std::vector<std::uint8_t> reach(pattern_.size() + 1, 0);
  const auto skip_wildcards = [&] {
    for (std::size_t i = 0; i < pattern_.size(); ++i) {
      if (reach[i] != 0 && (pattern_[i] == '*' || pattern_[i] == '%')) reach[i + 1] = 1;
    }
  };
  reach[0] = 1;
  skip_wildcards();
  for (const char c : name) {
    bool any = false;
    for (std::size_t i = pattern_.size() + 1; i-- > 0;) {
      const bool by_character = i > 0 && reach[i - 1] != 0 && pattern_[i - 1] == c && c != '*' && c != '%';
      const bool by_wildcard =
          i < pattern_.size() && reach[i] != 0 && (pattern_[i] == '*' || (pattern_[i] == '%' && c != '/'));
      reach[i] = by_character || by_wildcard ? 1 : 0;
      any = any || reach[i] != 0;
    }
    if (!any) break;
    skip_wildcards();
  }
  return reach;
}

bool ListPattern::matches(std::string_view name) const { return read(name)[pattern_.size()] != 0; }

bool ListPattern::may_match_from(std::string_view begin) const {
  const auto reach = read(begin);
  if (std::any_of(reach.begin(), reach.end(), [](std::uint8_t at) { return at != 0; })) return true;
  for (auto slash = begin.find('/'); slash != std::string_view::npos; slash = begin.find('/', slash + 1)) {
    if (matches(begin.substr(0, slash))) return true;
  }
  return false;
}

}  // namespace kontor::wire::imap
