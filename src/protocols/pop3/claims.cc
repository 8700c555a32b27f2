// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/pop3/claims.h"

#include <utility>

namespace kontor::pop3 {
namespace {

constexpr std::size_t kMostLoginTimes = 100'000;

}  // namespace

Maildrops::Lock::Lock(Lock&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), account_(other.account_) {}

Maildrops::Lock& Maildrops::Lock::operator=(Lock&& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(account_, other.account_);
  return *this;
}

Maildrops::Lock::~Lock() {
  if (!owner_) return;
  std::lock_guard lock(owner_->mutex_);
  owner_->taken_.erase(account_);
}

Maildrops::Lock Maildrops::take(AccountId account) {
  std::lock_guard lock(mutex_);
  if (!taken_.insert(account).second) return {};
  return {this, account};
}

bool LoginTimes::may(AccountId account, std::chrono::seconds delay, Clock::time_point now) {
  if (delay.count() == 0) return true;
  std::lock_guard lock(mutex_);
  const auto found = last_.find(account);
  if (found != last_.end() && now - found->second < delay) return false;
  if (last_.size() >= kMostLoginTimes) {
    std::erase_if(last_, [&](const auto& entry) { return now - entry.second >= delay; });
    if (last_.size() >= kMostLoginTimes) last_.clear();
  }
  last_[account] = now;
  return true;
}

}  // namespace kontor::pop3
