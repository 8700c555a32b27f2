// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "formats/mime/charset.h"
#include "wire/imap/cursor.h"

namespace kontor::wire::imap {
namespace {

constexpr std::size_t kLongestQuoted = 4096;

enum class Charset : std::uint8_t { ascii, utf8 };

bool may_be_quoted(std::string_view text, Charset charset) {
  const bool fits = std::all_of(text.begin(), text.end(), [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0 && (byte < 0x80 || charset == Charset::utf8) && c != '\r' && c != '\n';
  });
  return fits && text.size() <= kLongestQuoted && (charset == Charset::ascii || mime::is_utf8(text));
}

bool may_be_atom(std::string_view text) {
  return !text.empty() && text.size() <= kLongestQuoted && std::all_of(text.begin(), text.end(), is_astring_char) &&
         !iequals(text, "NIL");
}

void append(std::string& out, std::string_view text, Charset charset) {
  if (!may_be_quoted(text, charset)) {
    out.push_back('{');
    append_number(out, text.size());
    out += "}\r\n";
    const std::size_t begin = out.size();
    out += text;
    std::replace(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), '\0', ' ');
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

}  // namespace

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

void append_string(std::string& out, std::string_view text) { append(out, text, Charset::ascii); }

void append_utf8_string(std::string& out, std::string_view text) { append(out, text, Charset::utf8); }

void append_astring(std::string& out, std::string_view text) {
  if (may_be_atom(text)) {
    out += text;
  } else {
    append(out, text, Charset::ascii);
  }
}

void append_utf8_astring(std::string& out, std::string_view text) {
  if (may_be_atom(text)) {
    out += text;
  } else {
    append(out, text, Charset::utf8);
  }
}

bool append_system_flags(std::string& out, std::uint8_t bits) {
  struct Named {
    std::uint8_t bit;
    std::string_view name;
  };
  static constexpr Named kNamed[] = {{flag::kAnswered, "\\Answered"},
                                     {flag::kFlagged, "\\Flagged"},
                                     {flag::kDeleted, "\\Deleted"},
                                     {flag::kSeen, "\\Seen"},
                                     {flag::kDraft, "\\Draft"}};
  bool any = false;
  for (const auto& named : kNamed) {
    if ((bits & named.bit) == 0) continue;
    if (any) out.push_back(' ');
    out += named.name;
    any = true;
  }
  return any;
}

std::string one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) c = '?';
  }
  return out;
}

}  // namespace kontor::wire::imap
