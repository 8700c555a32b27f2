// SPDX-License-Identifier: AGPL-3.0-or-later
// One running plug-in: a program that is told of messages on its standard input and answers on its standard output. For
// program_filter.h only. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/child_process.h"
#include "base/result.h"

namespace kontor::transport {

class ProgramProcess {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // With no more of our environment than PATH, and no descriptors of ours but standard error, which is our log.
  // `memory`: address space in bytes. Errors: unavailable.
  static Result<std::unique_ptr<ProgramProcess>> start(const std::vector<std::string>& command, std::uint64_t memory);

  // Errors: unavailable (not in time, ended). Then it is of no use any more.
  Result<void> send(std::string_view bytes, Deadline until);
  // Errors: as send(); too_large (longer than `largest`).
  Result<std::string> read_line(std::size_t largest, Deadline until);

  // Whether it runs and has said nothing that nobody asked for.
  bool is_waiting() const { return in_.empty() && !process_.has_news(); }
  std::uint32_t messages = 0;  // that it had

 private:
  explicit ProgramProcess(ChildProcess process) : process_(std::move(process)) {}

  ChildProcess process_;
  std::string in_;
};

}  // namespace kontor::transport
