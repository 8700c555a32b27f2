// SPDX-License-Identifier: AGPL-3.0-or-later
// One running kontor-extract. For extractor_pool.h only. Not thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/child_process.h"
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
  bool is_waiting() const { return !process_.has_news(); }
  std::uint32_t documents() const { return documents_; }

 private:
  ReaderProcess(ChildProcess process, std::size_t largest_answer)
      : process_(std::move(process)), largest_answer_(largest_answer) {}

  Result<document::Frame> receive(Deadline until);
  End end(Deadline until);

  ChildProcess process_;
  std::size_t largest_answer_;
  std::uint32_t documents_ = 0;
};

}  // namespace kontor::groupware
