// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/pace.h"

#include <algorithm>

namespace kontor::imap {
namespace {

constexpr std::size_t kRememberedUsers = 4096;

}  // namespace

// Each command uses its share of a second; the pace is kept as the time up to which seconds are used up.
std::chrono::milliseconds Pace::take(std::uint64_t who, Clock::time_point now) {
  if (per_second_ == 0) return std::chrono::milliseconds(0);
  std::lock_guard lock(mutex_);
  if (used_until_.size() > kRememberedUsers)
    std::erase_if(used_until_, [&](const auto& one) { return one.second <= now; });
  auto& until = used_until_[who];
  until = std::max(until, now) + std::chrono::duration_cast<Clock::duration>(std::chrono::seconds(1)) / per_second_;
  return std::max(std::chrono::milliseconds(0), std::chrono::ceil<std::chrono::milliseconds>(until - now - kBurst));
}

}  // namespace kontor::imap
