// SPDX-License-Identifier: AGPL-3.0-or-later
// What sessions of all users share: who has a maildrop open, and who logged in when.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/id.h"

namespace kontor::pop3 {

// RFC 1939 section 4: one session at a time has a maildrop. Other protocols are not kept out: what they remove
// meanwhile is missing at RETR, nothing else. Thread-safe; must outlive its locks.
class Maildrops {
 public:
  class Lock {
   public:
    Lock() = default;
    Lock(Lock&& other) noexcept;
    Lock& operator=(Lock&& other) noexcept;
    ~Lock();
    explicit operator bool() const { return owner_ != nullptr; }

   private:
    friend class Maildrops;
    Lock(Maildrops* owner, AccountId account) : owner_(owner), account_(account) {}
    Maildrops* owner_ = nullptr;
    AccountId account_;
  };

  // Empty if another session has it.
  Lock take(AccountId account);

 private:
  std::mutex mutex_;
  std::unordered_set<AccountId> taken_;
};

// RFC 2449 section 6.5, LOGIN-DELAY. Thread-safe; bounded memory: the rule is kept for the latest users only.
class LoginTimes {
 public:
  using Clock = std::chrono::steady_clock;

  // Whether `account` may log in `delay` after its last time; if so this is its new last time.
  bool may(AccountId account, std::chrono::seconds delay, Clock::time_point now);

 private:
  std::mutex mutex_;
  std::unordered_map<AccountId, Clock::time_point> last_;
};

}  // namespace kontor::pop3
