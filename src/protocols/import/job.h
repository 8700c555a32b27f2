// SPDX-License-Identifier: AGPL-3.0-or-later
// One archive being imported: bytes come through a pipe, a thread imports them, answers gather. In bounded memory,
// however many items the archive has and whatever becomes of them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "formats/archive/spool.h"
#include "protocols/import/importer.h"
#include "protocols/import/pipe.h"

namespace kontor::importing {

// Sums up an import's answers and writes them as lines, the last of them with "done" or the error.
class AnswerLines {
 public:
  explicit AnswerLines(std::string address) : address_(std::move(address)) {}

  // Errors: unavailable (no room for temporary files).
  Result<void> note(const archive::Answer& answer);
  // What is still held, and the end. `error` is null if all went well. Errors: as note().
  Result<void> finish(const Error* error);

  const archive::Spool& lines() const { return lines_; }
  const archive::Counts& total() const { return total_; }
  std::uint64_t quarantined() const { return quarantined_; }

 private:
  archive::Answer& held_for(const archive::Answer& answer);
  Result<void> hold(std::size_t bytes);
  Result<void> flush();

  const std::string address_;                    // of an import into one account
  std::map<std::string, archive::Answer> held_;  // by account and folder
  std::size_t held_names_ = 0, held_bytes_ = 0;  // quarantined and needed, in held_
  archive::Spool lines_{256 << 10};
  archive::Counts total_;
  std::uint64_t quarantined_ = 0;
};

class Job {
 public:
  Job(groupware::Accounts& accounts, directory::Directory& directory, ImportOptions options)
      : accounts_(accounts), directory_(directory), options_(std::move(options)), answers_(options_.only_address) {}

  Pipe& pipe() { return pipe_; }
  // Imports what comes through the pipe, to its end or an error; then calls `leave`, before anyone is told. Does not
  // throw.
  void run(const std::function<void()>& leave);
  // Waits until run() has ended; false if it has not within this time.
  bool wait(std::chrono::milliseconds time);
  // The answer, after wait() said true.
  const archive::Spool& answer() const { return answers_.lines(); }

 private:
  Result<void> import();

  groupware::Accounts& accounts_;
  directory::Directory& directory_;
  const ImportOptions options_;
  Pipe pipe_{1 << 20};
  AnswerLines answers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
};

}  // namespace kontor::importing
