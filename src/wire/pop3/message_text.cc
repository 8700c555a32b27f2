// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/pop3/message_text.h"

namespace kontor::wire::pop3 {

void MessageText::feed(std::string_view bytes, std::string& out) {
  const std::size_t before = out.size();
  std::uint64_t stuffed = 0;
  while (!bytes.empty() && !is_done_) {
    if (line_size_ == 0 && bytes.front() == '.') {
      out.push_back('.');
      ++stuffed;
    }
    const auto end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    out += piece;
    line_size_ += piece.size();
    if (!piece.empty()) last_ = piece.back();
    if (end == std::string_view::npos) break;
    if (last_ != '\r') out.push_back('\r');
    out.push_back('\n');
    end_line();
    bytes.remove_prefix(end + 1);
  }
  size_ += out.size() - before - stuffed;
}

void MessageText::end_line() {
  const bool is_empty = line_size_ == 0 || (line_size_ == 1 && last_ == '\r');
  if (is_in_body_) ++lines_;
  if (is_empty) is_in_body_ = true;
  is_done_ = limit_ && is_in_body_ && lines_ >= *limit_;
  line_size_ = 0;
  last_ = '\0';
}

void MessageText::finish(std::string& out) {
  if (line_size_ > 0) {
    const std::string_view end = last_ == '\r' ? "\n" : "\r\n";
    out += end;
    size_ += end.size();
    end_line();
  }
  out += ".\r\n";
}

}  // namespace kontor::wire::pop3
