// SPDX-License-Identifier: AGPL-3.0-or-later
// Modified UTF-7: how folder names travel (RFC 3501 section 5.1.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kontor::wire::imap {

// To UTF-8. Strict, so that encode_mutf7(*decode_mutf7(x)) == x: nothing on bytes outside printable ASCII, on broken
// base64 or UTF-16, on printable ASCII inside base64, and on a shift that follows another without need.
std::optional<std::string> decode_mutf7(std::string_view text);

// From UTF-8. Bytes that are not UTF-8 become U+FFFD.
std::string encode_mutf7(std::string_view utf8);

}  // namespace kontor::wire::imap
