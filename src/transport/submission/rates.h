// SPDX-License-Identifier: AGPL-3.0-or-later
// How much somebody may do in an hour.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "base/time.h"
#include "store/engine.h"

namespace kontor::transport {

// Each has credit for one hour's amount, which comes back evenly. Thread-safe. In memory, at most kMostKeys, of which
// those with full credit are forgotten; with an engine also in the store, so that a restart gives nobody new credit.
// There it is written lazily: what a crash loses is what no message that was taken has used.
class HourlyRates {
 public:
  static constexpr std::size_t kMostKeys = 1'000'000;

  // `per_hour` 0: without limit.
  explicit HourlyRates(std::uint32_t per_hour) : per_hour_(per_hour) {}
  // Reads what the store has. `kind` keeps several of them apart. The engine must outlive it.
  HourlyRates(std::uint32_t per_hour, store::Engine* engine, char kind, Instant now);

  // Takes `amount` off the key's credit if there is so much. Blocks where there is an engine.
  bool take(std::uint64_t key, std::uint32_t amount, Instant now);
  // Whether that would work.
  bool has(std::uint64_t key, std::uint32_t amount, Instant now) const;

 private:
  struct Credit {
    double left = 0;
    Instant at{};
  };
  double credit(std::uint64_t key, Instant now) const;
  Result<void> load(Instant now);
  void keep(std::uint64_t key, const Credit& credit);

  const std::uint32_t per_hour_;
  store::Engine* const engine_ = nullptr;
  const char kind_ = 0;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Credit> credits_;
};

}  // namespace kontor::transport
