// SPDX-License-Identifier: AGPL-3.0-or-later
// Text as SEARCH, SORT and THREAD compare it: by i;unicode-casemap (RFC 5051), unless a client asks for another
// collation (RFC 5255).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kontor::groupware {

// UTF-8 in, UTF-8 out: each character in title case, then decomposed. What compares equal has equal bytes afterwards,
// and their order is the collation's. Bytes that are not UTF-8 become U+FFFD. Works character by character: text may be
// cut between any two.
std::string fold_text(std::string_view utf8);

// What is equal by another collation is also equal by the first.
enum class Collation : std::uint8_t {
  unicode_casemap,
  ascii_casemap,  // RFC 4790 section 9.2: letters of ASCII in upper case, all else as it is
  octet,          // section 9.3: as it is
};
std::string fold_text(std::string_view utf8, Collation collation);

}  // namespace kontor::groupware
