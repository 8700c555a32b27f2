// SPDX-License-Identifier: AGPL-3.0-or-later
// A program that runs beside us, with a socket to here as its standard input and output.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor {

// Not thread-safe.
class ChildProcess {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  struct Options {
    std::vector<std::string> environment;  // "NAME=value"; nothing of ours comes along
    bool has_our_errors = false;           // its standard error is ours; else nowhere
  };
  // `command`: a path and its arguments. It has no descriptor of ours but those, is in a process group of its own and
  // obeys all signals. Errors: unavailable.
  static Result<ChildProcess> start(const std::vector<std::string>& command, const Options& options);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  // Ends it and its children, by force.
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  // Whether it has said something, or has ended.
  bool has_news() const;

  // False: not in time, or nobody reads any more.
  bool send(std::string_view bytes, Deadline until);
  // What there is. Nothing: not in time; 0: it has ended.
  std::optional<std::size_t> receive(std::span<char> into, Deadline until);

  // Ends it and its children by force, once; the status of waitpid().
  int end();

 private:
  ChildProcess(pid_t pid, int socket) : pid_(pid), socket_(socket) {}
  bool wait_for(short events, Deadline until) const;

  pid_t pid_;  // -1: it is no more
  int socket_;
};

}  // namespace kontor
