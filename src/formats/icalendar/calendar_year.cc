// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/calendar_year.h"

#include <fmt/core.h>
#include <unicode/ucal.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/bytes.h"

namespace kontor::icalendar {
namespace {

class GregorianYears final : public CalendarYears {
 public:
  YearSpan year(int number) override {
    using std::chrono::sys_days;
    const std::chrono::year year(number);
    YearSpan span{.number = number, .length = year.is_leap() ? 366 : 365, .month_count = 12};
    span.first = static_cast<DayNumber>(sys_days(year / 1 / 1).time_since_epoch().count());
    DayNumber at = span.first;
    static constexpr int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int m = 0; m < 12; ++m) {
      const int length = kLengths[m] + (m == 1 && year.is_leap() ? 1 : 0);
      span.months[static_cast<std::size_t>(m)] = {.first = at, .length = length, .number = m + 1};
      at += length;
    }
    return span;
  }
  int year_of(DayNumber day) override {
    return static_cast<int>(std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(day))).year());
  }
  bool is_gregorian() const override { return true; }
};

constexpr double kMillisecondsOfDay = 86'400'000;

struct CalendarCloser {
  void operator()(UCalendar* calendar) const { ucal_close(calendar); }
};
using CalendarPointer = std::unique_ptr<UCalendar, CalendarCloser>;

class IcuYears final : public CalendarYears {
 public:
  IcuYears(CalendarPointer calendar, bool is_hebrew) : calendar_(std::move(calendar)), is_hebrew_(is_hebrew) {}

  YearSpan year(int number) override {
    YearSpan span{.number = number, .first = first_day(number)};
    span.length = first_day(number + 1) - span.first;
    DayNumber at = span.first;
    while (at < span.first + span.length && span.month_count < 14) {
      UErrorCode error = U_ZERO_ERROR;
      go_to(at);
      MonthSpan month{.first = at};
      const int index = field(UCAL_MONTH);
      month.length = ucal_getLimit(calendar_.get(), UCAL_DAY_OF_MONTH, UCAL_ACTUAL_MAXIMUM, &error);
      if (U_FAILURE(error) != 0 || month.length < 1) break;
      // ICU's sixth Hebrew month, Adar I, is only there in leap years; RFC 7529 calls it 5L.
      month.number = is_hebrew_ && index >= 5 ? index : index + 1;
      month.is_leap = is_hebrew_ ? index == 5 : field(UCAL_IS_LEAP_MONTH) != 0;
      span.months[static_cast<std::size_t>(span.month_count++)] = month;
      at += month.length;
    }
    return span;
  }

  int year_of(DayNumber day) override {
    go_to(day);
    return field(UCAL_EXTENDED_YEAR);
  }

 private:
  void go_to(DayNumber day) {
    UErrorCode error = U_ZERO_ERROR;
    ucal_setMillis(calendar_.get(), day * kMillisecondsOfDay, &error);
  }
  int field(UCalendarDateFields which) {
    UErrorCode error = U_ZERO_ERROR;
    return ucal_get(calendar_.get(), which, &error);
  }
  DayNumber first_day(int number) {
    UErrorCode error = U_ZERO_ERROR;
    ucal_clear(calendar_.get());
    ucal_set(calendar_.get(), UCAL_EXTENDED_YEAR, number);
    ucal_set(calendar_.get(), UCAL_MONTH, 0);
    ucal_set(calendar_.get(), UCAL_DAY_OF_MONTH, 1);
    return static_cast<DayNumber>(std::floor(ucal_getMillis(calendar_.get(), &error) / kMillisecondsOfDay));
  }

  CalendarPointer calendar_;
  bool is_hebrew_;
};

// CLDR's names (RFC 7529 section 4.1) and ICU's, where those are others.
constexpr std::pair<std::string_view, std::string_view> kCalendars[] = {{"BUDDHIST", ""},
                                                                        {"CHINESE", ""},
                                                                        {"COPTIC", ""},
                                                                        {"DANGI", ""},
                                                                        {"ETHIOPIC", ""},
                                                                        {"ETHIOAA", "ethiopic-amete-alem"},
                                                                        {"ETHIOPIC-AMETE-ALEM", ""},
                                                                        {"HEBREW", ""},
                                                                        {"INDIAN", ""},
                                                                        {"ISLAMIC", ""},
                                                                        {"ISLAMIC-CIVIL", ""},
                                                                        {"ISLAMICC", "islamic-civil"},
                                                                        {"ISLAMIC-RGSA", ""},
                                                                        {"ISLAMIC-TBLA", ""},
                                                                        {"ISLAMIC-UMALQURA", ""},
                                                                        {"JAPANESE", ""},
                                                                        {"PERSIAN", ""},
                                                                        {"ROC", ""}};

}  // namespace

Result<std::unique_ptr<CalendarYears>> open_calendar(std::string_view name) {
  if (name.empty()) return std::make_unique<GregorianYears>();
  const auto* const found = std::ranges::find_if(kCalendars, [&](const auto& row) { return row.first == name; });
  if (found == std::end(kCalendars))
    return fail(Errc::invalid, fmt::format("The calendar {} of RSCALE is not known.", name.substr(0, 40)));
  const std::string locale = "root@calendar=" + (found->second.empty() ? to_lower(name) : std::string(found->second));
  UErrorCode error = U_ZERO_ERROR;
  CalendarPointer calendar(ucal_open(u"Etc/UTC", -1, locale.c_str(), UCAL_DEFAULT, &error));
  if (U_FAILURE(error) != 0 || calendar == nullptr)
    return fail(Errc::unavailable, fmt::format("The calendar {} is not there.", name));
  // Proleptic, as the Gregorian dates that come and go are.
  ucal_setGregorianChange(calendar.get(), -1e18, &error);
  return std::make_unique<IcuYears>(std::move(calendar), name == "HEBREW");
}

}  // namespace kontor::icalendar
