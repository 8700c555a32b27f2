// SPDX-License-Identifier: AGPL-3.0-or-later
// The years of a calendar as spans of days: all that recurrence rules need to know of it. Days are counted from
// 1970-01-01.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace kontor::icalendar {

using DayNumber = std::int32_t;

struct MonthSpan {
  DayNumber first = 0;
  int length = 0;
  int number = 0;  // from 1, as BYMONTH counts (RFC 7529 section 4.2)
  bool is_leap = false;
};

struct YearSpan {
  int number = 0;
  DayNumber first = 0;
  int length = 0;
  int month_count = 0;
  std::array<MonthSpan, 14> months;
};

// Not thread-safe.
class CalendarYears {
 public:
  virtual ~CalendarYears() = default;
  virtual YearSpan year(int number) = 0;
  virtual int year_of(DayNumber day) = 0;
  virtual bool is_gregorian() const { return false; }
};

// RSCALE's name in upper case, "" for the Gregorian calendar; other calendars are ICU's. Errors: invalid (not known).
Result<std::unique_ptr<CalendarYears>> open_calendar(std::string_view name);

}  // namespace kontor::icalendar
