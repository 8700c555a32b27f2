// SPDX-License-Identifier: AGPL-3.0-or-later
// How much somebody may do in an hour.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "base/time.h"

namespace kontor::transport {

// Each has credit for one hour's amount, which comes back evenly. Thread-safe; in memory; at most kMostKeys, of which
// those with full credit are forgotten.
class HourlyRates {
 public:
  static constexpr std::size_t kMostKeys = 1'000'000;

  // `per_hour` 0: without limit.
  explicit HourlyRates(std::uint32_t per_hour) : per_hour_(per_hour) {}

  // Takes `amount` off the key's credit if there is so much.
  bool take(std::uint64_t key, std::uint32_t amount, Instant now);
  // Whether that would work.
  bool has(std::uint64_t key, std::uint32_t amount, Instant now) const;

 private:
  struct Credit {
    double left = 0;
    Instant at{};
  };
  double credit(std::uint64_t key, Instant now) const;

  const std::uint32_t per_hour_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Credit> credits_;
};

}  // namespace kontor::transport
