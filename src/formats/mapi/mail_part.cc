// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/mail_part.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/mime/encoders.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kLongestPlainLine = 200;
constexpr std::size_t kPiece = 64 << 10;

bool has_long_lines(std::string_view text) {
  while (text.size() > kLongestPlainLine) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > kLongestPlainLine) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r' && c != '\n'; }

template <class Writer>
std::string encoded_by(std::string_view bytes) {
  std::string out;
  Writer writer;
  writer.feed(bytes, out);
  writer.finish(out);
  return out;
}

// None begins like another one, as readers compare no more than the beginning of a line.
std::string boundary_within(const std::string& boundary, std::size_t part) {
  return boundary_of(sha256(fmt::format("{}.{}", boundary, part)));
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the parts, which who makes them bounds
Result<void> write_body(const MailPart& part, const std::string& boundary, const TakePiece& take) {
  if (part.multipart.empty()) return part.write ? part.write(take) : Result<void>();
  for (std::size_t i = 0; i < part.parts.size(); ++i) {
    TRY_VOID(take("--" + boundary + "\r\n"));
    TRY_VOID(write_part(part.parts[i], boundary_within(boundary, i), take));
    TRY_VOID(take("\r\n"));
  }
  return take("--" + boundary + "--\r\n");
}

}  // namespace

std::string with_crlf_lines(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\0') continue;
    if (c == '\r' || c == '\n') {
      out += "\r\n";
      if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    } else {
      out += c;
    }
  }
  return out;
}

std::string boundary_of(std::string_view digest) { return "=_" + to_hex(digest.substr(0, 14)); }

MailPart text_part(std::string_view type, std::string_view utf8) {
  const std::string text = with_crlf_lines(utf8);
  const bool is_plain = is_ascii(text);
  // What quoted-printable would write with three bytes each.
  const auto foreign = static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return static_cast<unsigned char>(c) >= 0x7F || c == '=' || is_control(c); }));
  std::string_view encoding = "7bit";
  auto body = std::make_shared<std::string>();
  if (is_plain && !has_long_lines(text) && std::ranges::none_of(text, is_control)) {
    *body = text;
  } else if (foreign > text.size() / 3) {
    encoding = "base64";
    *body = encoded_by<mime::Base64Writer>(text);
  } else {
    encoding = "quoted-printable";
    *body = encoded_by<mime::QuotedPrintableWriter>(text);
  }
  MailPart part;
  part.header = fmt::format("Content-Type: {}; charset={}\r\nContent-Transfer-Encoding: {}\r\n", type,
                            is_plain ? "us-ascii" : "utf-8", encoding);
  part.write = [body](const TakePiece& take) { return take(*body); };
  return part;
}

MailPart bytes_part(std::string header, std::string bytes) {
  MailPart part;
  part.header = std::move(header) + "Content-Transfer-Encoding: base64\r\n";
  auto body = std::make_shared<std::string>(encoded_by<mime::Base64Writer>(bytes));
  part.write = [body](const TakePiece& take) { return take(*body); };
  return part;
}

MailPart multipart(std::string_view type, std::vector<MailPart> parts) {
  MailPart part;
  part.multipart = type;
  part.parts = std::move(parts);
  return part;
}

// NOLINTNEXTLINE(misc-no-recursion)
Result<void> write_part(const MailPart& part, const std::string& boundary, const TakePiece& take) {
  if (part.is_whole) return write_body(part, boundary, take);
  std::string head = part.header;
  if (!part.multipart.empty())
    head += fmt::format("Content-Type: {};\r\n boundary=\"{}\"\r\n", part.multipart, boundary);
  TRY_VOID(take(head + "\r\n"));
  return write_body(part, boundary, take);
}

Result<void> CrlfWriter::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPiece);
    bytes.remove_prefix(piece.size());
    std::string out;
    out.reserve(piece.size() + piece.size() / 32);
    for (const char c : piece) {
      const bool ends = has_cr_ && c == '\n';
      if (has_cr_ && !ends) out += "\r\n";
      has_cr_ = c == '\r';
      if (c == '\n')
        out += "\r\n";
      else if (c != '\r')
        out += c;
    }
    TRY_VOID(take_(out));
  }
  return {};
}

Result<void> CrlfWriter::finish() {
  if (has_cr_) return take_("\r\n");
  return {};
}

}  // namespace kontor::mapi
