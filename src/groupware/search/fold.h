// SPDX-License-Identifier: AGPL-3.0-or-later
// Text as SEARCH, SORT and THREAD compare it: i;unicode-casemap (RFC 5051), which RFC 5255's I18NLEVEL=1 asks for.
#pragma once

#include <string>
#include <string_view>

namespace kontor::groupware {

// UTF-8 in, UTF-8 out: each character in title case, then decomposed. What compares equal has equal bytes afterwards,
// and their order is the collation's. Bytes that are not UTF-8 become U+FFFD. Works character by character: text may be
// cut between any two.
std::string fold_text(std::string_view utf8);

}  // namespace kontor::groupware
