// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/header.h"

#include "formats/mime/fields.h"

namespace kontor::mime {
namespace {

bool is_token_char(char c) {
  const auto u = static_cast<unsigned char>(c);
  if (u <= 32 || u == 127) return false;
  return std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

}  // namespace

void Lexer::skip_white(std::string* comment) {
  while (!at_end()) {
    if (is_white(peek())) {
      skip();
    } else if (peek() == '(') {
      read_comment(comment);
    } else {
      return;
    }
  }
}

void Lexer::read_comment(std::string* comment) {
  if (comment) comment->clear();
  std::size_t depth = 0;
  for (; !at_end(); skip()) {
    char c = peek();
    if (c == '(' && depth++ == 0) continue;
    if (c == ')' && --depth == 0) {
      skip();
      return;
    }
    if (c == '\\' && at_ + 1 < text_.size()) {
      skip();
      c = peek();
    }
    if (comment && c != '\r' && c != '\n') comment->push_back(c);
  }
}

void Lexer::read_quoted(std::string& out) {
  for (skip(); !at_end(); skip()) {
    char c = peek();
    if (c == '"') {
      skip();
      return;
    }
    if (c == '\n') continue;
    if (c == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') continue;
    if (c == '\\' && at_ + 1 < text_.size()) {
      skip();
      c = peek();
    }
    out.push_back(c);
  }
}

std::string_view Lexer::read_token() {
  const std::size_t from = at_;
  while (!at_end() && is_token_char(peek())) skip();
  return text_.substr(from, at_ - from);
}

std::string_view Lexer::read_until(std::string_view stops) {
  const std::size_t from = at_;
  while (!at_end() && stops.find(peek()) == std::string_view::npos) skip();
  return text_.substr(from, at_ - from);
}

void each_field(std::string_view header, const std::function<bool(const Field&)>& visit) {
  for_each_field(header, visit);
}

std::optional<std::string_view> find_field(std::string_view header, std::string_view name) {
  std::optional<std::string_view> found;
  for_each_field(header, [&](const Field& field) {
    if (!same_name(field.name, name)) return true;
    found = field.value;
    return false;
  });
  return found;
}

std::string unfold(std::string_view raw) {
  raw = trim(raw);
  std::string text;
  text.reserve(raw.size());
  for (std::size_t end; (end = raw.find('\n')) != std::string_view::npos; raw.remove_prefix(end + 1))
    text.append(without_line_end(raw.substr(0, end + 1)));
  return text.append(raw);
}

}  // namespace kontor::mime
