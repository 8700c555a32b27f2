// SPDX-License-Identifier: AGPL-3.0-or-later
// Transfer encodings as they are written, in pieces of any size. Lines have at most 76 bytes and end with CRLF, the
// last one with nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kontor::mime {

// RFC 2045 section 6.8.
class Base64Writer {
 public:
  void feed(std::string_view bytes, std::string& out);
  void finish(std::string& out);

 private:
  void line(std::string_view bytes, std::string& out);

  std::string rest_;  // less than a line
  bool has_line_ = false;
};

// RFC 2045 section 6.7, of text: CRLF stays a line's end; a CR or LF alone is escaped.
class QuotedPrintableWriter {
 public:
  void feed(std::string_view bytes, std::string& out);
  void finish(std::string& out);

 private:
  void put(char c, std::string& out);
  void escape(char c, std::string& out);
  void wrap(std::size_t more, std::string& out);
  void end_blank(bool is_line_end, std::string& out);

  std::size_t column_ = 0;
  char blank_ = 0;  // came, and may be the last of its line
  bool has_cr_ = false;
};

}  // namespace kontor::mime
