// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: the fields of a header block without the cost of a std::function, and small lexical helpers.
#pragma once

#include <string>
#include <string_view>

#include "formats/mime/header.h"

namespace kontor::mime {

inline bool is_blank(char c) { return c == ' ' || c == '\t'; }
inline bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

inline bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); i++)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

inline std::string_view trim(std::string_view text) {
  while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_white(text.back())) text.remove_suffix(1);
  return text;
}

inline std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(line.ends_with("\r\n") ? 2 : 1);
  return line;
}

// Splits one field, with its folds, into name and value (RFC 5322 section 2.2; blanks before the colon are obsolete).
inline Field split_field(std::string_view whole) {
  std::size_t name = 0;
  while (name < whole.size() && whole[name] > 32 && whole[name] < 127 && whole[name] != ':') name++;
  std::size_t colon = name;
  while (colon < whole.size() && is_blank(whole[colon])) colon++;
  Field field;
  field.whole = whole;
  if (name > 0 && colon < whole.size() && whole[colon] == ':') {
    field.name = whole.substr(0, name);
    field.value = without_line_end(whole.substr(colon + 1));
  } else {
    field.value = without_line_end(whole);
  }
  return field;
}

// `visit(const Field&)` returns whether to go on. An empty line ends the block.
template <class Visit>
void for_each_field(std::string_view header, Visit&& visit) {
  while (!header.empty() && !header.starts_with('\n') && !header.starts_with("\r\n")) {
    std::size_t end = 0;
    do {
      const std::size_t line_end = header.find('\n', end);
      end = line_end == std::string_view::npos ? header.size() : line_end + 1;
    } while (end < header.size() && is_blank(header[end]));
    if (!visit(split_field(header.substr(0, end)))) return;
    header.remove_prefix(end);
  }
}

// Structured field bodies (RFC 5322 section 3.2, RFC 2045 section 5.1), read from the front; every step moves forward,
// so that reading is linear whatever the text holds.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return text_[at_]; }
  bool looking_at(char c) const { return !at_end() && text_[at_] == c; }
  void skip() { at_++; }
  std::string_view rest() const { return text_.substr(at_); }

  // Moves past white space and comments. A comment's text replaces `comment` if that is given.
  void skip_white(std::string* comment = nullptr);
  // At "(": moves past the comment (or to the end if it has none).
  void read_comment(std::string* comment);
  // At a quote: appends the text without quotes and backslashes, up to the closing quote or the end.
  void read_quoted(std::string& out);
  // As far as RFC 2045 tokens go, 8-bit bytes included. May be empty.
  std::string_view read_token();
  // Up to one of `stops` or the end.
  std::string_view read_until(std::string_view stops);

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace kontor::mime
