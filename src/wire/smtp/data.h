// SPDX-License-Identifier: AGPL-3.0-or-later
// The content after DATA: RFC 5321 section 4.5.2, as a state machine over pieces of any size.
//
// Only CRLF ends a line. Data ends with <CRLF>.<CRLF> and with nothing else; <LF>.<LF>, <LF>.<CRLF> and <CR>.<CR> are
// content, so that no two servers can disagree about where a message ends ("SMTP smuggling"). Every byte is kept as it
// came, but for one dot at the start of a line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kontor::wire::smtp {

class DataReader {
 public:
  // Takes bytes from the wire, appends content to `out`, and returns how many it took: all, or up to the end of the
  // data.
  std::size_t feed(std::string_view bytes, std::string& out);
  bool is_finished() const { return state_ == State::finished; }

 private:
  enum class State : std::uint8_t { line_start, dot, dot_cr, text, cr, finished };
  State state_ = State::line_start;
};

// What a client sends after DATA: dots doubled at the start of lines, the closing dot, and a CRLF before it if the
// content does not end with one.
std::string stuff(std::string_view content);

}  // namespace kontor::wire::smtp
