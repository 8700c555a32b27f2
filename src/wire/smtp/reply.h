// SPDX-License-Identifier: AGPL-3.0-or-later
// Replies: RFC 5321 section 4.2, with enhanced status codes (RFC 3463, RFC 2034).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kontor::wire::smtp {

struct Reply {
  Reply() = default;
  Reply(int code_, std::string_view enhanced_, std::string text) : code(code_), enhanced(enhanced_) {
    lines.push_back(std::move(text));
  }
  bool is_positive() const { return code < 400; }

  int code = 0;
  std::string enhanced;            // "5.1.1"; empty where none belongs (greeting, HELO, 354)
  std::vector<std::string> lines;  // at least one
};

// The bytes to send. Line ends and control characters inside a text become blanks, and what is not ASCII becomes "?"
// unless the transaction has SMTPUTF8: text from elsewhere cannot break out of its line.
std::string print(const Reply& reply, bool is_utf8 = false);

}  // namespace kontor::wire::smtp
