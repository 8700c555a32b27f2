// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/timetable.h"

#include <algorithm>

namespace kontor::groupware {

void Timetable::note(AccountId account, Instant at) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto taken = taken_.find(account); taken != taken_.end()) {
      taken->second = std::min(taken->second.value_or(at), at);
      return;
    }
    const auto [known, is_new] = next_.emplace(account, at);
    if (!is_new) {
      if (known->second <= at) return;
      order_.erase({known->second, account});
      known->second = at;
    }
    order_.emplace(at, account);
  }
  changed_.notify_one();
}

std::optional<AccountId> Timetable::take(Instant now) {
  const std::lock_guard lock(mutex_);
  if (is_ending_ || order_.empty() || order_.begin()->first > now) return std::nullopt;
  const AccountId account = order_.begin()->second;
  order_.erase(order_.begin());
  next_.erase(account);
  taken_.emplace(account, std::nullopt);
  return account;
}

void Timetable::release(AccountId account) {
  {
    const std::lock_guard lock(mutex_);
    const auto taken = taken_.extract(account);
    if (taken.empty() || !taken.mapped()) return;
    next_.emplace(account, *taken.mapped());
    order_.emplace(*taken.mapped(), account);
  }
  changed_.notify_one();
}

std::optional<Instant> Timetable::first() const {
  return order_.empty() ? std::nullopt : std::optional(order_.begin()->first);
}

std::optional<Instant> Timetable::next() const {
  const std::lock_guard lock(mutex_);
  return first();
}

bool Timetable::wait(const Clock& clock, std::chrono::seconds longest) {
  std::unique_lock lock(mutex_);
  const std::optional<Instant> known = first();
  const Instant now = clock.now();
  const auto pause = known ? std::clamp(*known - now, std::chrono::seconds(0), longest) : longest;
  changed_.wait_for(lock, pause, [&] {
    const auto at = first();
    return is_ending_ || (at && (!known || *at < *known || *at <= now));
  });
  return !is_ending_;
}

void Timetable::end() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
}

bool Timetable::is_ending() const {
  const std::lock_guard lock(mutex_);
  return is_ending_;
}

}  // namespace kontor::groupware
