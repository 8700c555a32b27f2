// SPDX-License-Identifier: AGPL-3.0-or-later
// What a client asks for as a collation: a name with wildcards, perhaps a direction (RFC 4790 sections 3.1 to 3.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kontor::wire::imap {

struct CollationPattern {
  bool is_default() const { return name == "default"; }
  bool matches(std::string_view id) const;  // "*" stands for any text

  std::string name;  // in lower case, without the direction
  bool is_descending = false;
};

// Nothing: it cannot be one.
std::optional<CollationPattern> parse_collation_pattern(std::string_view text);

}  // namespace kontor::wire::imap
