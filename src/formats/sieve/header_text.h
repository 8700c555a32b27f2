// SPDX-License-Identifier: AGPL-3.0-or-later
// Text as a header field has it.
#pragma once

#include <string>
#include <string_view>

namespace kontor::sieve {

// "Name: value" with its line end, folded where it is long; `value` is UTF-8, encoded-words where it is not ASCII
// (RFC 2047). Line ends in it become blanks.
std::string header_line(std::string_view name, std::string_view value);

}  // namespace kontor::sieve
