// SPDX-License-Identifier: AGPL-3.0-or-later
// A blocking connection to a server on this machine, in the clear or with TLS, that reads lines and literals. What goes
// wrong is thrown.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

struct ssl_st;

namespace bench {

using Time = std::chrono::steady_clock;

double seconds_since(Time::time_point begin);

class Connection {
 public:
  // `source` picks one of the addresses 127.0.0.2 to 127.0.0.250: each has ports of its own.
  explicit Connection(int port, unsigned source = 0);
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;

  void start_tls();
  void send_all(std::string_view bytes);

  // Without its line end; good until the next call.
  std::string_view line();
  void skip(std::size_t count);
  std::uint64_t received() const { return received_; }

  // From here on nothing blocks: line_at_hand() gives the lines that came, then an empty one.
  void stop_blocking();
  std::string_view line_at_hand();
  int descriptor() const { return fd_; }
  // An idle connection needs none.
  void drop_buffer();

 private:
  bool fill();  // false: it would block
  bool take_line(std::string_view& text);

  int fd_;
  ssl_st* ssl_ = nullptr;
  bool blocks_ = true;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace bench
