// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/smtp/data.h"

namespace kontor::wire::smtp {

std::size_t DataReader::feed(std::string_view bytes, std::string& out) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    char c = bytes[i];
    switch (state_) {
      case State::text: {
        std::size_t cr = bytes.find('\r', i);
        std::size_t end = cr == std::string_view::npos ? bytes.size() : cr + 1;
        out.append(bytes, i, end - i);
        i = end;
        if (cr != std::string_view::npos) state_ = State::cr;
        continue;
      }
      case State::cr:
        out += c;
        state_ = c == '\n' ? State::line_start : c == '\r' ? State::cr : State::text;
        break;
      case State::line_start:
        if (c == '.') {
          state_ = State::dot;
          break;
        }
        state_ = State::text;
        continue;
      case State::dot:
        if (c == '\r') {
          state_ = State::dot_cr;
          break;
        }
        state_ = State::text;  // the dot was stuffing
        continue;
      case State::dot_cr:
        if (c == '\n') {
          state_ = State::finished;
          return i + 1;
        }
        out += '\r';
        state_ = State::cr;
        continue;
      case State::finished:
        return i;
    }
    ++i;
  }
  return i;
}

std::string stuff(std::string_view content) {
  std::string out;
  bool at_start = true;
  for (std::size_t i = 0; i < content.size(); ++i) {
    if (at_start && content[i] == '.') out += '.';
    out += content[i];
    at_start = content[i] == '\n' && i > 0 && content[i - 1] == '\r';
  }
  if (!at_start) out += "\r\n";
  return out + ".\r\n";
}

}  // namespace kontor::wire::smtp
