// SPDX-License-Identifier: AGPL-3.0-or-later
// One archive being imported: bytes come through a pipe, a thread imports them, answers gather.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "protocols/import/importer.h"
#include "protocols/import/pipe.h"

namespace kontor::importing {

class Job {
 public:
  Job(groupware::Accounts& accounts, directory::Directory& directory, ImportOptions options)
      : accounts_(accounts), directory_(directory), options_(std::move(options)) {}

  Pipe& pipe() { return pipe_; }
  // Imports what comes through the pipe, to its end or an error. Does not throw.
  void run();
  // Waits until run() has ended.
  void wait();
  // The answer's lines, the last of them with "done" or the error. After wait().
  std::string take_answer() { return std::move(lines_); }

 private:
  Result<void> import();
  void note(const archive::Answer& answer);

  groupware::Accounts& accounts_;
  directory::Directory& directory_;
  const ImportOptions options_;
  Pipe pipe_{1 << 20};
  std::map<std::string, archive::Answer> answers_;  // by folder
  archive::Counts total_;
  std::uint64_t quarantined_ = 0;
  std::string lines_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
};

}  // namespace kontor::importing
