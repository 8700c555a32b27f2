// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/lexer.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/result.h"

namespace kontor::sieve {
namespace {

constexpr std::uint64_t kMaxNumber = std::uint64_t{1} << 53;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

std::unexpected<Fault> wrong(Position at, std::string text) { return std::unexpected(Fault{at, std::move(text)}); }

}  // namespace

std::string text_of(const Fault& fault) {
  return fmt::format("line {}, column {}: {}", fault.at.line, fault.at.column, fault.text);
}

Position Lexer::position() {
  for (; counted_ < at_; counted_++) {
    const char c = script_[counted_];
    if (c == '\n') {
      position_.line++;
      position_.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      position_.column++;
    }
  }
  return position_;
}

std::expected<void, Fault> Lexer::skip_blanks() {
  while (at_ < script_.size()) {
    const char c = script_[at_];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      at_++;
    } else if (c == '#') {
      const auto end = script_.find('\n', at_);
      at_ = end == std::string_view::npos ? script_.size() : end + 1;
    } else if (c == '/' && script_.substr(at_).starts_with("/*")) {
      const Position from = position();
      const auto end = script_.find("*/", at_ + 2);
      if (end == std::string_view::npos) return wrong(from, "This comment has no end: close it with '*/'.");
      at_ = end + 2;
    } else {
      break;
    }
  }
  return {};
}

std::string_view Lexer::read_word() {
  const std::size_t from = at_;
  while (at_ < script_.size() && (is_word_start(script_[at_]) || is_digit(script_[at_]))) at_++;
  return script_.substr(from, at_ - from);
}

std::expected<Token, Fault> Lexer::next() {
  TRY_VOID(skip_blanks());
  Token token;
  token.at = position();
  if (at_ == script_.size()) return token;
  const char c = script_[at_];
  if (is_word_start(c)) {
    token.text = to_lower(read_word());
    if (token.text == "text" && at_ < script_.size() && script_[at_] == ':') {
      at_++;
      TRY_VOID(read_multi_line(token));
      return token;
    }
    token.kind = Token::Kind::identifier;
  } else if (is_digit(c)) {
    TRY_VOID(read_number(token));
  } else if (c == '"') {
    TRY_VOID(read_quoted(token));
  } else if (c == ':') {
    at_++;
    if (at_ == script_.size() || !is_word_start(script_[at_]))
      return wrong(token.at, "A tag's name is missing behind ':'.");
    token.kind = Token::Kind::tag;
    token.text = to_lower(read_word());
  } else if (std::string_view("[](){},;").find(c) != std::string_view::npos) {
    token.kind = Token::Kind::punctuation;
    token.text = std::string(1, c);
    at_++;
  } else if (static_cast<unsigned char>(c) >= 0x80) {
    return wrong(token.at, "Letters beyond ASCII may stand only in strings and comments.");
  } else {
    return wrong(token.at, fmt::format("'{}' has no meaning here: strings stand in double quotes.", c < ' ' ? '?' : c));
  }
  return token;
}

// RFC 5228 section 2.4.1.
std::expected<void, Fault> Lexer::read_number(Token& token) {
  token.kind = Token::Kind::number;
  std::uint64_t value = 0;
  for (; at_ < script_.size() && is_digit(script_[at_]); at_++) {
    value = value * 10 + static_cast<std::uint64_t>(script_[at_] - '0');
    if (value > kMaxNumber) return wrong(token.at, "This number is too large.");
  }
  int shift = 0;
  if (at_ < script_.size()) {
    const char unit = script_[at_];
    if (unit == 'k' || unit == 'K') shift = 10;
    if (unit == 'm' || unit == 'M') shift = 20;
    if (unit == 'g' || unit == 'G') shift = 30;
  }
  if (shift > 0) at_++;
  if (at_ < script_.size() && (is_word_start(script_[at_]) || is_digit(script_[at_])))
    return wrong(token.at, "A number ends with a digit or with one of K, M and G.");
  if (value > (kMaxNumber >> shift)) return wrong(token.at, "This number is too large.");
  token.number = value << shift;
  return {};
}

std::expected<void, Fault> Lexer::read_quoted(Token& token) {
  token.kind = Token::Kind::string;
  for (at_++; at_ < script_.size(); at_++) {
    char c = script_[at_];
    if (c == '"') {
      at_++;
      return {};
    }
    if (c == '\\' && ++at_ < script_.size()) c = script_[at_];
    if (c == '\0') return wrong(position(), "A string may not hold a NUL character.");
    token.text.push_back(c);
  }
  return wrong(token.at, "This string has no end: a double quote is missing.");
}

// RFC 5228 section 2.4.2: lines up to one that is only a dot; of a line that begins with a dot the dot goes.
std::expected<void, Fault> Lexer::read_multi_line(Token& token) {
  token.kind = Token::Kind::string;
  token.text.clear();
  while (at_ < script_.size() && (script_[at_] == ' ' || script_[at_] == '\t')) at_++;
  auto end = script_.find('\n', at_);
  const std::string_view rest = script_.substr(at_, end == std::string_view::npos ? end : end - at_);
  if (!rest.empty() && rest != "\r" && !rest.starts_with('#'))
    return wrong(position(), "Behind 'text:' the line must end; the text begins on the next one.");
  while (end != std::string_view::npos) {
    at_ = end + 1;
    end = script_.find('\n', at_);
    std::string_view line = script_.substr(at_, end == std::string_view::npos ? end : end + 1 - at_);
    if (line.starts_with('.')) {
      const bool is_last = line == "." || line == ".\n" || line == ".\r\n";
      if (is_last) {
        at_ += line.size();
        return {};
      }
      line.remove_prefix(1);
    }
    if (line.find('\0') != std::string_view::npos) return wrong(position(), "A string may not hold a NUL character.");
    token.text.append(line);
  }
  return wrong(token.at, "This text has no end: a line with only a dot is missing.");
}

}  // namespace kontor::sieve
