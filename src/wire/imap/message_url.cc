// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/message_url.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::wire::imap {
namespace {

constexpr std::size_t kLongestUrl = 8 << 10;

std::optional<std::string> decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1 || *byte == std::string_view("\0", 1)) return std::nullopt;
    out += *byte;
    i += 2;
  }
  return out;
}

// Where `mark` (any case) begins in `text`, or its end.
std::size_t find_mark(std::string_view text, std::string_view mark) {
  for (std::size_t at = 0; at + mark.size() <= text.size(); ++at)
    if (iequals(text.substr(at, mark.size()), mark)) return at;
  return text.size();
}

bool take_mark(std::string_view& text, std::string_view mark) {
  if (!iequals(text.substr(0, mark.size()), mark)) return false;
  text.remove_prefix(mark.size());
  return true;
}

std::optional<std::uint32_t> take_number(std::string_view& text) {
  Cursor in(text);
  const std::uint32_t number = in.number();
  if (in.failed()) return std::nullopt;
  text = in.rest();
  return number;
}

// "/Drafts;UIDVALIDITY=1" in front of "/;UID=".
bool take_mailbox(std::string_view text, MessageUrl& url) {
  if (text.starts_with("//")) return false;
  text.remove_prefix(1);
  const std::size_t mark = find_mark(text, ";UIDVALIDITY=");
  url.mailbox = decode_percent(text.substr(0, mark));
  if (!url.mailbox || url.mailbox->empty()) return false;
  if (mark == text.size()) return text.find(';') == std::string_view::npos;
  text.remove_prefix(mark + std::string_view(";UIDVALIDITY=").size());
  url.uid_validity = take_number(text);
  return url.uid_validity && *url.uid_validity != 0 && text.empty();
}

bool take_section(std::string_view& text, MessageUrl& url) {
  const std::size_t end = std::min(text.find(';'), text.size());
  std::string_view encoded = text.substr(0, end);
  if (encoded.ends_with('/')) encoded.remove_suffix(1);
  const auto decoded = decode_percent(encoded);
  if (!decoded || decoded->empty()) return false;
  const std::string whole = *decoded + "]";
  Cursor in(whole);
  url.section = parse_section(in);
  text.remove_prefix(encoded.size());
  return in.finish();
}

}  // namespace

std::optional<MessageUrl> parse_message_url(std::string_view text) {
  if (text.size() > kLongestUrl) return std::nullopt;
  MessageUrl url;
  const std::size_t at = find_mark(text, "/;UID=");
  if (at != text.size()) {
    if (!text.starts_with('/') || at == 0 || !take_mailbox(text.substr(0, at), url)) return std::nullopt;
    text.remove_prefix(at + 1);
  }
  if (!take_mark(text, ";UID=")) return std::nullopt;
  const auto uid = take_number(text);
  if (!uid || *uid == 0) return std::nullopt;
  url.uid = *uid;
  if (take_mark(text, "/;SECTION=") && !take_section(text, url)) return std::nullopt;
  if (take_mark(text, "/;PARTIAL=")) {
    url.offset = take_number(text);
    if (!url.offset) return std::nullopt;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      url.length = take_number(text);
      if (!url.length || *url.length == 0) return std::nullopt;
    }
  }
  if (!text.empty()) return std::nullopt;
  return url;
}

}  // namespace kontor::wire::imap
