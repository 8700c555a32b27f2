// SPDX-License-Identifier: AGPL-3.0-or-later
// One running kontor-extract. For extractor_pool.h only. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/document/frame.h"

namespace kontor::groupware {

using Deadline = std::chrono::steady_clock::time_point;

class ReaderProcess {
 public:
  // Starts `command` (program and arguments) with no environment and no descriptors but a connection to here, and waits
  // until it is ready. `largest_answer`: of its frames. Errors: unavailable (the sentence says why).
  static Result<std::unique_ptr<ReaderProcess>> start(const std::vector<std::string>& command,
                                                      std::size_t largest_answer, Deadline until);
  // Ends it, by force.
  ~ReaderProcess();
  ReaderProcess(const ReaderProcess&) = delete;
  ReaderProcess& operator=(const ReaderProcess&) = delete;

  enum class End : char {
    none,
    late,     // past the deadline, or past its own timers
    crashed,  // any other death, or an answer that makes no sense
  };
  // Its answer to a document. After End::late and End::crashed it is dead.
  struct Answer {
    End end = End::none;
    document::Frame frame;
  };
  Answer ask(std::string_view document, Deadline until);

  // Whether it waits for a document; false if it has died meanwhile, whoever ended it.
  bool is_waiting() const;
  std::uint32_t documents() const { return documents_; }

 private:
  ReaderProcess(pid_t pid, int socket, std::size_t largest_answer)
      : pid_(pid), socket_(socket), largest_answer_(largest_answer) {}

  bool send(std::string_view bytes, Deadline until);
  Result<document::Frame> receive(Deadline until);
  bool wait_for(short events, Deadline until) const;
  End end(Deadline until);

  pid_t pid_;
  int socket_;
  std::size_t largest_answer_;
  std::uint32_t documents_ = 0;
};

}  // namespace kontor::groupware
