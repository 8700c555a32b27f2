// SPDX-License-Identifier: AGPL-3.0-or-later
// From bytes on the wire to UTF-8 text: encoded-words, charsets, transfer encodings, RFC 2231 parameters.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/mime/entity.h"

namespace kontor::mime {

// RFC 2047 encoded-words replaced; other text that is not UTF-8 is taken as windows-1252. Always valid UTF-8.
std::string decode_header(std::string_view raw);

// Bytes in `charset` (any name that ICU or mail software knows, "x-unknown" and "" included) as UTF-8; what cannot be
// decoded becomes U+FFFD. The second tells whether the name was known.
struct Decoded {
  std::string text;
  bool charset_known = true;
};
Decoded to_utf8(std::string_view bytes, std::string_view charset);
bool is_known_charset(std::string_view charset);

enum class TransferEncoding : std::uint8_t { identity, quoted_printable, base64, uuencode, unknown };
TransferEncoding parse_transfer_encoding(std::string_view text);

// Decodes a body in pieces; tolerant: what is not of the encoding is skipped (base64) or kept (quoted-printable).
class BodyDecoder {
 public:
  explicit BodyDecoder(TransferEncoding encoding);
  ~BodyDecoder();
  BodyDecoder(BodyDecoder&&) noexcept;
  void feed(std::string_view bytes, std::string& out);  // appends what is decoded
  void finish(std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The value of a parameter with RFC 2231 continuations and charsets, or RFC 2047 in it, resolved. Nothing if absent.
std::optional<std::string> param(const std::vector<Param>& params, std::string_view name);
// Content-Disposition's filename or else Content-Type's name.
std::optional<std::string> filename(const Entity& entity);

}  // namespace kontor::mime
