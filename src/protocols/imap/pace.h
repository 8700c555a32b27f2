// SPDX-License-Identifier: AGPL-3.0-or-later
// How many commands each user may have executed per second, over all sessions together. Whoever wants more is served
// later, never refused: a client that is slowed down loses nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace kontor::imap {

// Thread-safe. Remembers only who is at his limit or was a moment ago.
class Pace {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kBurst{2};  // so much of the pace may be used at once

  explicit Pace(std::uint32_t per_second) : per_second_(per_second) {}  // 0 = no limit

  // Counts one command of `who`; how long it must wait.
  std::chrono::milliseconds take(std::uint64_t who, Clock::time_point now = Clock::now());

 private:
  const std::uint32_t per_second_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Clock::time_point> used_until_;
};

}  // namespace kontor::imap
