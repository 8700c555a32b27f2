// SPDX-License-Identifier: AGPL-3.0-or-later
// A message for a host that takes less than it has: bodies of 8 bits or binary ones become quoted-printable or base64,
// part by part (RFC 6152 section 3, RFC 3030 section 3, RFC 2045 section 6). What each part means stays as it is.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kontor::mime {

// What the host takes. Of either, lines have at most 998 bytes and end with CRLF, and there is no NUL.
enum class Width : std::uint8_t { seven_bit, eight_bit };

struct WholeMessage {
  std::uint64_t size = 0;
  // Up to `length` bytes from `offset`, at least one before the end.
  std::function<Result<std::string>(std::uint64_t offset, std::size_t length)> read;
};

// Gives the message in pieces. Reads it three times; memory: its structure and the headers. Parts that fit stay byte
// for byte, but for a label (Content-Transfer-Encoding) that says more than the host takes.
//
// Errors: invalid, with a sentence for the sender: it cannot be changed so. A part of multipart/signed would have to
// change (RFC 1847 section 2.1); a header is not ASCII, or is not lines; a part of type message may not be encoded; the
// structure is beyond the limits of the parser. And those of `read` and `take`.
Result<void> reencode(const WholeMessage& message, Width width,
                      const std::function<Result<void>(std::string_view)>& take);

}  // namespace kontor::mime
