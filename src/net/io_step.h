// SPDX-License-Identifier: AGPL-3.0-or-later
// What one attempt on a non-blocking socket gave, plain or TLS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kontor::net {

struct IoStep {
  enum class Kind : std::uint8_t {
    done,        // `bytes` were moved
    want_read,   // try again once the socket is readable
    want_write,  // or writable
    closed,      // the peer ended its direction
    failed,      // `reason` says why; the connection is of no use any more
  };
  explicit IoStep(Kind kind_, std::size_t bytes_ = 0) : kind(kind_), bytes(bytes_) {}
  explicit IoStep(std::string reason_) : kind(Kind::failed), reason(std::move(reason_)) {}

  Kind kind;
  std::size_t bytes = 0;
  std::string reason;
};

// Without TLS. Never raise SIGPIPE.
IoStep plain_read(int fd, std::span<char> into);
IoStep plain_peek(int fd);  // done: at least one byte is there
IoStep plain_write(int fd, std::string_view bytes);

}  // namespace kontor::net
