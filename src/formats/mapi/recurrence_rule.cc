// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/recurrence_rule.h"

#include <algorithm>
#include <array>

#include "formats/icalendar/calendar_year.h"

namespace kontor::mapi {
namespace {

using icalendar::Rule;
using icalendar::RuleDay;

constexpr std::uint32_t kMonths = 12;
constexpr std::uint32_t kMostOfRule = 1'000'000'000;  // what a rule takes as COUNT or INTERVAL

std::uint32_t bounded(std::uint32_t number) { return std::clamp(number, 1U, kMostOfRule); }

// By the calendar type; "" is Gregorian, also under other names of years. Nothing: no RSCALE is the same.
std::optional<std::string_view> scale_of(const Recurrence& from) {
  using enum Recurrence::Pattern;
  const bool is_hijri =
      from.pattern == hijri_month || from.pattern == hijri_month_nth || from.pattern == hijri_month_end;
  switch (from.calendar) {
    case 6:
      return "ISLAMIC-CIVIL";
    case 8:
      return "HEBREW";
    case 0x17:
      return "ISLAMIC-UMALQURA";
    case 0x0F:
      return "CHINESE";
    case 0x14:
      return "DANGI";
    case 0x10:
      return "INDIAN";
    case 0x0E:
    case 0x11:
    case 0x12:
    case 0x13:
    case 0x15:
    case 0x16:
      return std::nullopt;
    default:
      return is_hijri ? std::string_view("ISLAMIC-CIVIL") : std::string_view();
  }
}

// bit 0 is Sunday; RuleDay's 0 is Monday.
std::vector<RuleDay> days_of(std::uint32_t weekdays, int ordinal) {
  std::vector<RuleDay> days;
  for (int i = 0; i < 7; ++i)
    if ((weekdays & (1U << static_cast<unsigned>((i + 1) % 7))) != 0) days.push_back({i, ordinal});
  return days;
}

icalendar::DayNumber day_number(Minutes date) {
  return static_cast<icalendar::DayNumber>(
      std::chrono::floor<std::chrono::days>(wall_of(date)).time_since_epoch().count());
}

// The month that the series begins in, in its own calendar.
Result<icalendar::RuleMonth> month_of(Minutes date, std::string_view scale) {
  TRY(const auto years, icalendar::open_calendar(scale));
  const icalendar::DayNumber day = day_number(date);
  const icalendar::YearSpan year = years->year(years->year_of(day));
  for (int i = 0; i < year.month_count; ++i) {
    const icalendar::MonthSpan& month = year.months.at(static_cast<std::size_t>(i));
    if (day >= month.first && day < month.first + month.length)
      return icalendar::RuleMonth{month.number, month.is_leap};
  }
  return fail(Errc::invalid, "The recurrence begins in no month of its calendar.");
}

// The shortest month of a Gregorian calendar has 28 days, of others 29.
void set_month_day(std::uint32_t day, bool is_gregorian, Rule& rule) {
  const int shortest = is_gregorian ? 28 : 29;
  const int longest = is_gregorian ? 31 : 30;
  const int wanted = static_cast<int>(std::min<std::uint32_t>(day, 32));
  if (wanted >= longest) {
    rule.month_days = {-1};
  } else if (wanted <= shortest) {
    rule.month_days = {wanted};
  } else {
    for (int i = shortest; i <= wanted; ++i) rule.month_days.push_back(i);
    rule.positions = {-1};
  }
}

Result<void> set_months(const Recurrence& from, Rule& rule) {
  using enum Recurrence::Pattern;
  const bool is_yearly = from.frequency == Recurrence::Frequency::yearly && from.period % kMonths == 0;
  rule.frequency = is_yearly ? icalendar::Frequency::yearly : icalendar::Frequency::monthly;
  rule.interval = bounded(is_yearly ? from.period / kMonths : from.period);
  if (is_yearly) {
    TRY(const auto month, month_of(from.start_date, rule.calendar));
    rule.months = {month};
  }
  if (from.pattern == month_end || from.pattern == hijri_month_end) {
    rule.month_days = {-1};
  } else if (from.pattern == month || from.pattern == hijri_month) {
    if (from.day == 0) return fail(Errc::invalid, "The recurrence is on no day of the month.");
    set_month_day(from.day, rule.calendar.empty() || rule.calendar == "INDIAN", rule);
  } else {
    if (from.weekdays == 0 || from.nth == 0) return fail(Errc::invalid, "The recurrence is on no day of a week.");
    const int nth = from.nth >= 5 ? -1 : static_cast<int>(from.nth);
    rule.days = days_of(from.weekdays, 0);
    if (rule.days.size() == 1)
      rule.days.front().ordinal = nth;
    else
      rule.positions = {nth};
  }
  return {};
}

}  // namespace

Result<Rule> rule_of(const Recurrence& recurrence) {
  Rule rule;
  const auto scale = scale_of(recurrence);
  if (!scale) return fail(Errc::invalid, "The recurrence follows a calendar that iCalendar has no name for.");
  if (recurrence.end == Recurrence::End::count) rule.count = bounded(recurrence.count);
  if (recurrence.pattern == Recurrence::Pattern::day) {
    rule.frequency = icalendar::Frequency::daily;
    rule.interval = bounded(recurrence.period / kDayMinutes);
    return rule;
  }
  if (recurrence.pattern == Recurrence::Pattern::week) {
    if (recurrence.weekdays == 0) return fail(Errc::invalid, "The recurrence is on no day of the week.");
    rule.frequency = icalendar::Frequency::weekly;
    // "Every weekday" is daily with the days of a week, and its period counts for nothing.
    const bool is_daily = recurrence.frequency == Recurrence::Frequency::daily;
    rule.interval = is_daily ? 1 : bounded(recurrence.period);
    rule.days = days_of(recurrence.weekdays, 0);
    rule.week_start = static_cast<int>((recurrence.first_weekday + 6) % 7);
    return rule;
  }
  rule.calendar = *scale;
  TRY_VOID(set_months(recurrence, rule));
  return rule;
}

}  // namespace kontor::mapi
