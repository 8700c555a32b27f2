// SPDX-License-Identifier: AGPL-3.0-or-later
// A message as a multi-line response (RFC 1939 section 3): every line ended by CRLF, lines that begin with a dot
// stuffed, and a line with one dot at the end. Takes the content in pieces of any size and holds none of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kontor::wire::pop3 {

class MessageText {
 public:
  // `body_lines`: the header, the empty line and so many lines of the body (TOP); nothing = all.
  explicit MessageText(std::optional<std::uint32_t> body_lines = std::nullopt) : limit_(body_lines) {}

  // Appends what is to be sent of `bytes`.
  void feed(std::string_view bytes, std::string& out);
  // Nothing more of the message is wanted.
  bool is_done() const { return is_done_; }
  // Ends the last line and the response. Once.
  void finish(std::string& out);

  // What was fed and wanted, as lines with CRLF, without stuffing and without the end: what LIST announces.
  std::uint64_t size() const { return size_; }

 private:
  void end_line();

  std::optional<std::uint32_t> limit_;
  std::uint64_t size_ = 0;
  std::uint64_t line_size_ = 0;  // of the present line so far, its line end not counted
  std::uint32_t lines_ = 0;      // of the body
  char last_ = '\0';             // of the present line
  bool is_in_body_ = false;
  bool is_done_ = false;
};

}  // namespace kontor::wire::pop3
