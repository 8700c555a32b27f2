// SPDX-License-Identifier: AGPL-3.0-or-later
// A time zone: what clocks on the wall showed at which instant. Immutable, so thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "formats/icalendar/value.h"
#include "formats/lines/component.h"

namespace kontor::icalendar {

// The rule behind the last known change of clocks, as POSIX TZ writes it: "CET-1CEST,M3.5.0,M10.5.0/3".
struct PosixZone {
  struct Change {
    enum class Form : std::uint8_t { julian, day, week } form = Form::week;  // Jn, n, Mm.w.d
    int month = 0, week = 0, day = 0;
    int second = 7200;  // of the day, on the wall before the change; may be negative or above a day
  };

  std::int32_t offset_at(std::int64_t second) const;

  std::int32_t standard = 0;  // east of UTC, in seconds
  std::optional<std::int32_t> daylight;
  Change begin, end;
  std::string standard_name, daylight_name;  // "CET", "CEST"
};
// When clocks change by it in a year: seconds since 1970 on the wall before the change.
std::int64_t wall_of(const PosixZone::Change& change, int year);
std::optional<PosixZone> parse_posix_zone(std::string_view text);

class Zone {
 public:
  struct Change {
    std::int64_t at = 0;      // seconds since 1970 in UTC
    std::int32_t offset = 0;  // from then on
    bool is_daylight = false;
    std::string name = {};  // "CET"; empty: it is not known
  };
  struct Resolved {
    Instant at;
    bool is_in_gap = false;  // the wall never showed it
  };

  Zone(std::string name, std::int32_t first_offset, std::vector<Change> changes, std::optional<PosixZone> tail);

  const std::string& name() const { return name_; }
  std::int32_t first_offset() const { return first_offset_; }
  // Those that are known one by one, by time.
  const std::vector<Change>& changes() const { return changes_; }
  // All in [from, until), also those by the tail. `until` bounds the work.
  std::vector<Change> changes_between(Instant from, Instant until) const;
  // What goes on for ever after the last change that is known one by one.
  const std::optional<PosixZone>& tail() const { return tail_; }
  std::chrono::seconds offset_at(Instant at) const;
  Wall wall_at(Instant at) const;
  // RFC 5545 section 3.3.5: what was shown twice is the first of the two; what was never shown is read with the offset
  // before.
  Resolved resolve(Wall wall) const;

 private:
  std::string name_;
  std::int32_t first_offset_;
  std::vector<Change> changes_;  // by time
  std::optional<PosixZone> tail_;
};

using ZonePointer = std::shared_ptr<const Zone>;

ZonePointer utc_zone();
// The content of a file of zoneinfo (RFC 8536). Errors: corrupt.
Result<ZonePointer> read_zone_file(std::string_view name, std::string_view bytes);
// By a VTIMEZONE's own rules, until the year 2200; then its last offset stays. Errors: invalid, too_large.
Result<ZonePointer> zone_of_rules(const lines::Component& vtimezone);

}  // namespace kontor::icalendar
