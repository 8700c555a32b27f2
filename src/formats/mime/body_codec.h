// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: streaming decoders of the transfer encodings. Each takes pieces of any size; finish() once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kontor::mime {

// The value of a hexadecimal digit, -1 if it is none.
inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// RFC 2045 section 6.8. Other bytes are skipped; padding ends a group, and what follows begins another.
class Base64Codec {
 public:
  void feed(std::string_view bytes, std::string& out);
  void finish(std::string& out);

 private:
  std::uint32_t bits_ = 0;
  int digits_ = 0;
};

// RFC 2045 section 6.7. What is no valid escape stays as it is; blanks at line ends go.
class QuotedPrintableCodec {
 public:
  void feed(std::string_view bytes, std::string& out);
  void finish(std::string& out);

 private:
  bool continues_escape(char c, std::string& out);
  void end_blanks(char c, std::string& out);

  std::string pending_;  // an escape or a run of blanks that may be one at a line's end
};

// Between "begin" and "end" lines; the rest is skipped.
class UuCodec {
 public:
  void feed(std::string_view bytes, std::string& out);
  void finish(std::string& out);

 private:
  void take_line(std::string& out);

  std::string line_;
  bool is_inside_ = false;
};

}  // namespace kontor::mime
