// SPDX-License-Identifier: AGPL-3.0-or-later
// Work on accounts that need not be done at once, on a thread of its own: one account after the other, in slices, so
// that updates of others come in between.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "base/id.h"
#include "base/result.h"

namespace kontor::groupware {

// Thread-safe. The thread begins with the first account.
class Janitor {
 public:
  // One slice of an account's work; false: that was all. An error ends it; the account comes again when it is next
  // opened or swept.
  using Slice = std::function<Result<bool>(AccountId)>;
  explicit Janitor(Slice slice) : slice_(std::move(slice)) {}
  ~Janitor() { stop(); }
  Janitor(const Janitor&) = delete;
  Janitor& operator=(const Janitor&) = delete;

  void add(AccountId account);
  // Waits for the slice at work, and takes nothing any more.
  void stop();
  // Waits until nothing is left to do: for tests and for commands that end with the process.
  void wait();

 private:
  void work();

  const Slice slice_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<AccountId> queue_;
  std::set<AccountId> waiting_;
  bool is_working_ = false, is_ending_ = false;
  std::thread thread_;
};

}  // namespace kontor::groupware
