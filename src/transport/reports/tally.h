// SPDX-License-Identifier: AGPL-3.0-or-later
// What is counted for reports: equal rows of a domain within a length of time are one, with their number.
//
// add() is memory only; flush() makes it durable, all in one lazy commit. A crash loses what was counted since the last
// one, never what was before; nothing is counted twice.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "transport/queue/queue.h"

namespace kontor::store {
class Engine;
class Snapshot;
}  // namespace kontor::store

namespace kontor::transport {

enum class ReportKind : std::uint8_t { dmarc, tls };

// What one report tells of.
struct TallyPeriod {
  auto operator<=>(const TallyPeriod&) const = default;

  ReportKind kind = ReportKind::dmarc;
  Instant begin{};
  std::string domain;
};

struct TallyRow {
  std::string bytes;
  std::uint64_t count = 0;
};

struct TallyLimits {
  std::size_t rows_of_period = 10'000;
  std::size_t rows = 200'000;  // in all
  std::size_t rows_in_memory = 20'000;
};

// Thread-safe. What strangers make up is bounded: further rows are dropped and counted.
class Tally {
 public:
  // `length`: of the time that a report tells of, from 1970 on; a day is a day of UTC. Errors: unavailable, corrupt.
  static Result<std::unique_ptr<Tally>> open(store::Engine& engine, const Clock& clock, std::chrono::seconds length,
                                             TallyLimits limits = {});

  // The same row must be the same bytes. In memory.
  void add(ReportKind kind, const std::string& domain, std::string row, std::uint64_t count = 1);
  // Blocks, as all that follow. Errors: unavailable: then it is kept for the next time.
  Result<void> flush();
  // Those that are over, by age: what was flushed.
  Result<std::vector<TallyPeriod>> ended();
  // The most frequent first.
  Result<std::vector<TallyRow>> rows(const TallyPeriod& period);
  Result<void> drop(const TallyPeriod& period);

  std::chrono::seconds length() const { return length_; }

 private:
  using Pending = std::map<std::pair<TallyPeriod, std::string>, std::uint64_t>;

  Tally(store::Engine& engine, const Clock& clock, std::chrono::seconds length, TallyLimits limits);
  Result<void> load();
  Result<void> write(const Pending& counts);
  bool has_room(const TallyPeriod& period) const;

  store::Engine& engine_;
  const Clock& clock_;
  const std::chrono::seconds length_;
  const TallyLimits limits_;
  const metrics::Counter dropped_;

  std::mutex mutex_;
  Pending pending_;

  std::mutex store_mutex_;                     // one of flush() and drop() at a time; before mutex_
  std::map<TallyPeriod, std::size_t> stored_;  // how many rows each has
  std::size_t stored_rows_ = 0;
};

// For `kontor check`: one sentence for each row that cannot be read; `repair` removes it. Only while nothing is
// counted.
Result<std::vector<Queue::Fault>> check_counted(store::Engine& engine, bool repair);

}  // namespace kontor::transport
