// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/collation_pattern.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::wire::imap {
namespace {

constexpr std::size_t kLongestCollation = 254;  // RFC 4790 section 3.1

bool is_collation_char(char c) {
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return is_letter || (c >= '0' && c <= '9') || c == '-' || c == ';' || c == '=' || c == '.' || c == '*';
}

}  // namespace

// The last "*" that was passed takes one character more whenever what follows it does not fit: linear for each.
bool CollationPattern::matches(std::string_view id) const {
  std::size_t at = 0, star = std::string::npos, taken = 0;
  for (std::size_t i = 0; i < id.size();) {
    if (at < name.size() && name[at] == '*') {
      star = at++;
      taken = i;
    } else if (at < name.size() && name[at] == id[i]) {
      ++at;
      ++i;
    } else if (star != std::string::npos) {
      at = star + 1;
      i = ++taken;
    } else {
      return false;
    }
  }
  return name.find_first_not_of('*', at) == std::string::npos;
}

std::optional<CollationPattern> parse_collation_pattern(std::string_view text) {
  CollationPattern pattern;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    pattern.is_descending = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text.empty() || text.size() > kLongestCollation || !std::all_of(text.begin(), text.end(), is_collation_char))
    return std::nullopt;
  pattern.name = to_lower(text);
  return pattern;
}

}  // namespace kontor::wire::imap
