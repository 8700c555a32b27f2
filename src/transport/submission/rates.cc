// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/submission/rates.h"

#include <algorithm>

namespace kontor::transport {

double HourlyRates::credit(std::uint64_t key, Instant now) const {
  auto found = credits_.find(key);
  if (found == credits_.end()) return per_hour_;
  const auto passed = static_cast<double>(std::max<std::int64_t>((now - found->second.at).count(), 0));
  return std::min<double>(per_hour_, found->second.left + passed * per_hour_ / 3600);
}

bool HourlyRates::has(std::uint64_t key, std::uint32_t amount, Instant now) const {
  std::lock_guard lock(mutex_);
  return per_hour_ == 0 || credit(key, now) >= amount;
}

bool HourlyRates::take(std::uint64_t key, std::uint32_t amount, Instant now) {
  std::lock_guard lock(mutex_);
  if (per_hour_ == 0) return true;
  const double left = credit(key, now);
  if (left < amount) return false;
  if (credits_.size() >= kMostKeys)
    std::erase_if(credits_, [&](const auto& one) { return credit(one.first, now) >= per_hour_; });
  credits_[key] = {left - amount, now};
  return true;
}

}  // namespace kontor::transport
