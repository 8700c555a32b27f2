// SPDX-License-Identifier: AGPL-3.0-or-later
// Text as SEARCH compares it: without case (Unicode's simple and full case folding, locale-free).
#pragma once

#include <string>
#include <string_view>

namespace kontor::imap {

// UTF-8 in, UTF-8 out. Bytes that are not UTF-8 become U+FFFD.
std::string fold_case(std::string_view utf8);

}  // namespace kontor::imap
