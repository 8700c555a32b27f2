// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: the parts of a message (RFC 2045, RFC 2046) before they are written, and their writing.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/mapi/attachment_data.h"

namespace kontor::mapi {

struct MailPart {
  // Content-Type and the like, with their line ends; of a multipart without its boundary, which write_part() adds.
  std::string header;
  // Gives the body as it goes onto the wire. Empty for multiparts and empty parts.
  std::function<Result<void>(const TakePiece&)> write;
  std::vector<MailPart> parts;
  // A multipart's type, "multipart/mixed", with parameters of its own; "" for others.
  std::string multipart;
  // Its data begins with its own Content-Type and is a whole part as it stands: `header` is not written.
  bool is_whole = false;
};

// A text in the encoding that suits it. `type` is "text/plain" with its parameters but for the charset.
MailPart text_part(std::string_view type, std::string_view utf8);
// Bytes that are there, as base64.
MailPart bytes_part(std::string header, std::string bytes);
MailPart multipart(std::string_view type, std::vector<MailPart> parts);

// "=_" and hex digits: neither base64 nor quoted-printable nor a text whose digest it is has such a line.
std::string boundary_of(std::string_view digest);
// `boundary` is the multipart's own; those inside get theirs from it.
Result<void> write_part(const MailPart& part, const std::string& boundary, const TakePiece& take);

// Hands bytes on with every line ended by CRLF.
class CrlfWriter {
 public:
  explicit CrlfWriter(const TakePiece& take) : take_(take) {}
  Result<void> feed(std::string_view bytes);
  Result<void> finish();

 private:
  const TakePiece& take_;
  bool has_cr_ = false;
};

// The text with CRLF for each line end, without NUL.
std::string with_crlf_lines(std::string_view text);

}  // namespace kontor::mapi
