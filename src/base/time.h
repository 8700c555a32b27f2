// SPDX-License-Identifier: AGPL-3.0-or-later
// Time: instants, a message's internal date, and the clock that is handed to whoever needs one.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace kontor {

using Instant = std::chrono::sys_seconds;

// RFC 9051 section 2.3.3. The instant decides order and equality; the zone is kept so that a client sees the text it
// gave (minutes east of UTC).
struct InternalDate {
  InternalDate() = default;
  explicit InternalDate(Instant at_, std::int16_t zone_minutes_ = 0) : at(at_), zone_minutes(zone_minutes_) {}
  bool operator==(const InternalDate& other) const { return at == other.at; }
  auto operator<=>(const InternalDate& other) const { return at <=> other.at; }

  Instant at{};
  std::int16_t zone_minutes = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
};

// The system's clock. Lives for ever.
const Clock& system_clock();

// For tests: stands still until moved. Thread-safe only when not moved meanwhile.
class FakeClock : public Clock {
 public:
  explicit FakeClock(Instant start) : now_(start) {}
  Instant now() const override { return now_; }
  void advance(std::chrono::seconds by) { now_ += by; }

 private:
  Instant now_;
};

}  // namespace kontor
