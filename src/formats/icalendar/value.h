// SPDX-License-Identifier: AGPL-3.0-or-later
// Values of iCalendar: dates and times, durations, periods (RFC 5545 section 3.3).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/lines/component.h"

namespace kontor::icalendar {

// What a clock on the wall shows, in seconds since 1970-01-01T00:00:00 on that wall.
using Wall = std::chrono::local_seconds;

// DATE or DATE-TIME.
struct When {
  enum class Kind : std::uint8_t { date, floating, utc, zoned };

  bool operator==(const When&) const = default;
  bool is_date() const { return kind == Kind::date; }

  Kind kind = Kind::floating;
  Wall wall{};       // midnight of a date
  std::string zone;  // of `zoned`: the TZID as it was written
};

// Days are nominal (a day with a change of clocks counts as one), seconds are exact.
struct Duration {
  bool operator==(const Duration&) const = default;
  std::chrono::seconds length() const { return std::chrono::days(days) + std::chrono::seconds(seconds); }

  std::int64_t days = 0;
  std::int64_t seconds = 0;  // of the same sign
};

struct Period {
  bool operator==(const Period&) const = default;

  When start;
  std::optional<When> end;  // either this
  Duration duration;        // or this
};

// "19980118", "19980118T230000" or "...Z"; without seconds, or with dashes and colons, too. Errors: invalid.
Result<When> parse_when(std::string_view text, std::string_view zone = {});
// The value and the TZID of a property, which has one value.
Result<When> when_of(const lines::Property& property);
// All the values of RDATE or EXDATE; a PERIOD's start only where `periods` is null. Errors: invalid.
Result<std::vector<When>> whens_of(const lines::Property& property, std::vector<Period>* periods = nullptr);
std::string print(const When& when);  // without the zone
// Sets value, TZID and VALUE=DATE of a property; other parameters stay.
void set_when(lines::Property& property, const When& when);

// "P15DT5H0M20S", "-PT15M", "P7W"; what adds up to more than a million days is invalid.
Result<Duration> parse_duration(std::string_view text);
std::string print(const Duration& duration);

// "+0100", "-053020". Errors: invalid.
Result<std::chrono::seconds> parse_offset(std::string_view text);

}  // namespace kontor::icalendar
