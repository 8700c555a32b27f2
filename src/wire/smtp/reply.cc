// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/smtp/reply.h"

namespace kontor::wire::smtp {

std::string print(const Reply& reply, bool is_utf8) {
  std::string out;
  for (std::size_t i = 0; i < reply.lines.size(); ++i) {
    out += std::to_string(reply.code);
    out += i + 1 < reply.lines.size() ? '-' : ' ';
    if (!reply.enhanced.empty()) out += reply.enhanced + " ";
    for (char c : reply.lines[i]) {
      auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7f)
        out += ' ';
      else
        out += byte >= 0x80 && !is_utf8 ? '?' : c;
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace kontor::wire::smtp
