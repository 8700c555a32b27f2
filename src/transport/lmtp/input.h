// SPDX-License-Identifier: AGPL-3.0-or-later
// Input that can be given back: what was read behind the end of a message's data is the next command.
#pragma once

#include <string>
#include <string_view>

#include "net/buffered.h"

namespace kontor::transport {

// The reading half of net::Buffered with the same meaning; one of them per connection.
class LmtpInput {
 public:
  explicit LmtpInput(net::Buffered& io) : io_(io) {}

  bool has_input() const { return begin_ < left_.size() || io_.has_input(); }
  Task<Result<std::string>> read_line(std::size_t limit);
  Task<bool> skip_line(std::size_t limit);
  Task<std::string_view> read_chunk(std::size_t limit);
  // `bytes` are the unused end of the last chunk.
  void give_back(std::string_view bytes);

 private:
  std::string_view left() const { return std::string_view(left_).substr(begin_); }

  net::Buffered& io_;
  std::string left_;
  std::size_t begin_ = 0;
};

}  // namespace kontor::transport
