// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: a script's tokens (RFC 5228 section 8.1).
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "formats/sieve/fault.h"

namespace kontor::sieve {

struct Token {
  enum class Kind : std::uint8_t { identifier, tag, number, string, punctuation, end };

  Kind kind = Kind::end;
  Position at;
  std::string text;  // lower case of an identifier or tag (without its colon); a string's characters; the punctuation
  std::uint64_t number = 0;

  bool is(char c) const { return kind == Kind::punctuation && text[0] == c; }
};

// `script` must outlive it, and is UTF-8. Line ends are CRLF or LF.
class Lexer {
 public:
  explicit Lexer(std::string_view script) : script_(script) {}
  std::expected<Token, Fault> next();

 private:
  std::expected<void, Fault> skip_blanks();
  std::expected<void, Fault> read_number(Token& token);
  std::expected<void, Fault> read_quoted(Token& token);
  std::expected<void, Fault> read_multi_line(Token& token);
  std::string_view read_word();
  Position position();

  std::string_view script_;
  std::size_t at_ = 0;
  // The position of the byte `counted_`; only moves forward, so that long lines cost no more than short ones.
  std::size_t counted_ = 0;
  Position position_;
};

}  // namespace kontor::sieve
