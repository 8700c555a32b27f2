// SPDX-License-Identifier: AGPL-3.0-or-later
// A bounded queue of bytes between the coroutine that receives an archive and the thread that imports it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>

#include "base/result.h"

namespace kontor::importing {

// One writer, one reader. Thread-safe.
class Pipe {
 public:
  explicit Pipe(std::size_t limit) : limit_(limit) {}

  // Blocks while the pipe is full. False: the reader went away.
  bool push(std::string bytes);
  // Takes the bytes if there is room at once; otherwise leaves them where they are.
  bool try_push(std::string& bytes);
  void close();      // the end of the stream
  void break_off();  // the stream ends here with an error; nobody waits any more
  void abandon();    // the reader takes nothing more: what is pushed is dropped

  // The next piece, empty at the end. Blocks. Errors: unavailable (broken off).
  Result<std::string> pull();

 private:
  bool has_room() const { return abandoned_ || broken_ || held_ < limit_; }

  const std::size_t limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> pieces_;
  std::size_t held_ = 0;
  bool closed_ = false;
  bool broken_ = false;
  bool abandoned_ = false;
};

}  // namespace kontor::importing
