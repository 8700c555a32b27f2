// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/preview.h"

#include <algorithm>

#include "formats/mime/decode.h"
#include "formats/mime/fields.h"
#include "formats/mime/html_text.h"
#include "formats/mime/parser.h"

namespace kontor::mime {
namespace {

constexpr std::size_t kPlainRead = 8 << 10;  // encoded bytes of a plain text part
constexpr std::size_t kHtmlText = 2 << 10;   // of text found in HTML
constexpr int kPartsTried = 20;

// What senders fill previews with, or that has no width: U+00AD, U+034F, U+200B-U+200F, U+2028-U+202E, U+2060-U+2064,
// U+FEFF.
bool is_invisible(std::uint32_t code) {
  return code == 0xad || code == 0x34f || (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x2064) || code == 0xfeff;
}

bool is_space(std::uint32_t code) {
  return code <= 0x20 || (code >= 0x7f && code <= 0xa0) || (code >= 0x2000 && code <= 0x200a) || code == 0x3000;
}

// The code point at the front of valid UTF-8 and its length.
std::pair<std::uint32_t, std::size_t> front_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length == 1 || text.size() < length) return {first, 1};
  std::uint32_t code = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = (code << 6) | (byte(i) & 0x3f);
  return {code, length};
}

// Runs of white space as one blank, nothing invisible, at most kPreviewCharacters.
std::string squeeze(std::string_view utf8) {
  std::string out;
  std::size_t characters = 0;
  bool is_apart = false;
  while (!utf8.empty()) {
    const auto [code, length] = front_character(utf8);
    const std::string_view character = utf8.substr(0, length);
    utf8.remove_prefix(length);
    if (is_space(code)) is_apart = !out.empty();
    if (is_space(code) || is_invisible(code)) continue;
    if (characters + (is_apart ? 2 : 1) > kPreviewCharacters) break;
    if (is_apart) out.push_back(' ');
    out += character;
    characters += is_apart ? 2 : 1;
    is_apart = false;
  }
  return out;
}

std::string without_quotes(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (!text.starts_with('>')) out += text.substr(0, end);
    text.remove_prefix(end);
  }
  return out;
}

bool is_attached(const Entity& part) { return same_name(part.disposition, "attachment"); }

std::string decoded_text(const Entity& part, std::string_view head, std::size_t most) {
  if (part.body_offset >= head.size()) return {};
  const std::string_view body = head.substr(part.body_offset, std::min<std::uint64_t>(part.body_size, most));
  std::string bytes;
  BodyDecoder decoder(parse_transfer_encoding(part.encoding));
  decoder.feed(body, bytes);
  decoder.finish(bytes);
  return to_utf8(bytes, param(part.params, "charset").value_or("")).text;
}

class Finder {
 public:
  explicit Finder(std::string_view head) : head_(head) {}

  std::string text_of(const Entity& entity) {
    if (entity.is_multipart())
      return same_name(entity.subtype, "alternative") ? of_alternatives(entity) : of_parts(entity);
    if (entity.message || is_attached(entity) || !same_name(entity.type, "text") || ++tried_ > kPartsTried) return {};
    return same_name(entity.subtype, "html")    ? of_html(entity)
           : same_name(entity.subtype, "plain") ? of_plain(entity)
                                                : "";
  }

 private:
  std::string of_parts(const Entity& entity) {
    for (const Entity& part : entity.parts) {
      std::string found = text_of(part);
      if (!found.empty()) return found;
    }
    return {};
  }

  // The plain one says the same in less.
  std::string of_alternatives(const Entity& entity) {
    for (const Entity& part : entity.parts) {
      if (part.is_multipart() || !same_name(part.subtype, "plain")) continue;
      std::string found = text_of(part);
      if (!found.empty()) return found;
    }
    return of_parts(entity);
  }

  std::string of_plain(const Entity& part) {
    const std::string text = decoded_text(part, head_, kPlainRead);
    std::string own = squeeze(without_quotes(text));
    return own.empty() ? squeeze(text) : own;
  }

  std::string of_html(const Entity& part) {
    return squeeze(html_text(decoded_text(part, head_, head_.size()), kHtmlText));
  }

  std::string_view head_;
  int tried_ = 0;
};

}  // namespace

std::string preview(const Entity& entity, std::string_view head) {
  return Finder(head.substr(0, kPreviewHead)).text_of(entity);
}

std::string preview(std::string_view head) {
  head = head.substr(0, kPreviewHead);
  return preview(parse(head), head);
}

}  // namespace kontor::mime
