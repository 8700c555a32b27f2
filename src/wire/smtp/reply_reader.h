// SPDX-License-Identifier: AGPL-3.0-or-later
// Replies as a client reads them: RFC 5321 section 4.2.1, one line after the other.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "wire/smtp/reply.h"

namespace kontor::wire::smtp {

constexpr std::size_t kMaxReplyLine = 4096;
constexpr std::size_t kMaxReplyLines = 128;

// Gathers the lines of one reply. Enhanced codes are cut off every line that has one. Text keeps what is printable
// UTF-8 or ASCII; control characters become blanks.
class ReplyReader {
 public:
  // A line without its end. True once the reply is whole; an error if it is none (the connection is of no use then).
  std::expected<bool, std::string> feed(std::string_view line);
  // Once whole; starts anew.
  Reply take();

 private:
  Reply reply_;
};

// All lines in one, for people: its first 1000 bytes, as hosts may send half a MiB for each recipient.
std::string joined_text(const Reply& reply);

}  // namespace kontor::wire::smtp
