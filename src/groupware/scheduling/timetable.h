// SPDX-License-Identifier: AGPL-3.0-or-later
// When which account has something to do next, in memory: for schedulers of one thread or several.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "base/id.h"
#include "base/time.h"

namespace kontor::groupware {

// Thread-safe.
class Timetable {
 public:
  // The earliest of what is noted counts.
  void note(AccountId account, Instant at);
  // The account whose time came first. It is nobody else's until it is released; what is noted meanwhile counts then.
  // Nothing: none is due, or it is the end.
  std::optional<AccountId> take(Instant now);
  void release(AccountId account);
  // When the first account is due that nobody has.
  std::optional<Instant> next() const;
  // Waits until an account may be due, at most `longest`. False: it is the end.
  bool wait(const Clock& clock, std::chrono::seconds longest);
  void end();
  bool is_ending() const;

 private:
  std::optional<Instant> first() const;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::pair<Instant, AccountId>> order_;
  std::map<AccountId, Instant> next_;                  // the same by account
  std::map<AccountId, std::optional<Instant>> taken_;  // with what was noted meanwhile
  bool is_ending_ = false;
};

}  // namespace kontor::groupware
