// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/smtp/line_ends.h"

namespace kontor::wire::smtp {

void LineEnds::feed(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    if (has_cr_) {
      const bool is_whole = bytes.front() == '\n';
      has_bare_ = has_bare_ || !is_whole;
      has_cr_ = false;
      out += is_whole || repairs_ ? "\r\n" : "\r";
      if (is_whole) bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = bytes.find_first_of("\r\n");
    out += bytes.substr(0, end);
    if (end == std::string_view::npos) return;
    if (bytes[end] == '\r') {
      has_cr_ = true;
    } else {
      has_bare_ = true;
      out += repairs_ ? "\r\n" : "\n";
    }
    bytes.remove_prefix(end + 1);
  }
}

void LineEnds::finish(std::string& out) {
  if (!has_cr_) return;
  has_cr_ = false;
  has_bare_ = true;
  out += repairs_ ? "\r\n" : "\r";
}

}  // namespace kontor::wire::smtp
