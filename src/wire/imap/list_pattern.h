// SPDX-License-Identifier: AGPL-3.0-or-later
// The wildcards of LIST and LSUB (RFC 3501 section 6.3.8): "*" matches anything, "%" anything but the delimiter "/".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kontor::wire::imap {

// Compared byte by byte on names as they travel; the leading INBOX in any case. Time: pattern length times name length.
class ListPattern {
 public:
  static constexpr std::size_t kMaxLength = 1000;

  explicit ListPattern(std::string pattern);
  bool matches(std::string_view name) const;
  // Whether it may match a name that is `begin` with more behind it, or, where that ends with the delimiter, the name
  // in front of the delimiter or one above it: then the folders there decide what is shown.
  bool may_match_from(std::string_view begin) const;
  bool ends_with_percent() const { return pattern_.ends_with('%'); }

 private:
  std::vector<std::uint8_t> read(std::string_view name) const;

  std::string pattern_;
};

}  // namespace kontor::wire::imap
