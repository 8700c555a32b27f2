// SPDX-License-Identifier: AGPL-3.0-or-later
// When and how fast to work: bandwidth, a daily window, waits between attempts.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace kontor::migrate {

// Set once to end a run: everything that waits wakes. Thread-safe.
class Stop {
 public:
  void set();
  bool is_set() const { return set_; }
  // Waits; false if it was set meanwhile.
  bool wait(std::chrono::milliseconds time);

 private:
  std::atomic<bool> set_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
};

// Bytes per second over all threads. Thread-safe.
class Bandwidth {
 public:
  explicit Bandwidth(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}
  // Waits until the bytes fit. At once if there is no limit.
  void take(std::uint64_t bytes, Stop& stop);
  // As much as should be taken at once, so that nobody waits for long without a byte.
  std::uint64_t piece() const { return rate_ == 0 ? UINT64_MAX : std::max<std::uint64_t>(rate_ / 4, 256); }

 private:
  const std::uint64_t rate_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point free_at_{};
};

// "22:00-06:00", local time; may cross midnight.
struct Window {
  int from = 0;  // minutes of the day
  int to = 0;
  bool holds(int minute) const { return from <= to ? minute >= from && minute < to : minute >= from || minute < to; }
  int minutes_until_open(int minute) const { return holds(minute) ? 0 : (from - minute + 1440) % 1440; }
};
Result<Window> parse_window(std::string_view text);
int minute_of_day();  // now, local time

// "10M", "512k", "1G", "900": bytes (powers of 1024).
Result<std::uint64_t> parse_size(std::string_view text);

// How large a segment may be so that it takes some 30 seconds, when one of `bytes` took `took`: what breaks off is sent
// again, and whoever is between waits no longer for an answer. Between 1 and 16 MiB.
std::uint64_t segment_size(std::uint64_t bytes, std::chrono::steady_clock::duration took);

// How long to wait before attempt `attempt` (from 1): doubling from 1 s to 15 minutes, between half and all of it.
std::chrono::milliseconds back_off(int attempt, std::uint64_t random);

}  // namespace kontor::migrate
