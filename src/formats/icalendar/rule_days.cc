// SPDX-License-Identifier: AGPL-3.0-or-later
// Which days of a month a rule hits, as a set of bits: bit n is the month's n-th day, bit 0 the day before the month,
// and the bit behind its last day the day after it. The outer two are where SKIP puts days that the month has not.
#include <algorithm>

#include "formats/icalendar/rule_iterator.h"

namespace kontor::icalendar {
namespace {

constexpr std::uint64_t kEverySeventh = 0x8102040810204081ULL;  // bits 0, 7, 14, ... 63

int weekday_of_day(DayNumber day) { return ((day % 7) + 10) % 7; }  // 1970-01-01 was a Thursday; Monday is 0

std::uint64_t bit(int n) { return n < 0 || n > 63 ? 0 : 1ULL << n; }
// Bits 1 to `length`.
std::uint64_t whole(int length) { return (bit(length) - 1) << 1; }

// The first day of a year's first week: the one that has four days in the year.
DayNumber first_week(DayNumber first_day, int week_start) {
  const int offset = (weekday_of_day(first_day) - week_start + 7) % 7;
  return first_day - offset + (offset > 3 ? 7 : 0);
}

}  // namespace

const YearSpan& RuleIterator::span(int number) {
  auto& slot = spans_[static_cast<std::size_t>((number % 3 + 3) % 3)];
  if (!slot || slot->number != number) slot = years_->year(number);
  return *slot;
}

// Which months BYMONTH lets through, by index; of a leap month that the year has not SKIP takes a neighbour.
std::uint32_t RuleIterator::month_set(const YearSpan& year) {
  if (rule_.months.empty()) return ~0U;
  std::uint32_t set = 0;
  for (const RuleMonth& wanted : rule_.months) {
    bool found = false;
    int before = -1;
    for (int m = 0; m < year.month_count; ++m) {
      const MonthSpan& month = year.months[static_cast<std::size_t>(m)];
      if (month.number == wanted.number && month.is_leap == wanted.is_leap) set |= 1U << m, found = true;
      if (month.number <= wanted.number && !month.is_leap) before = m;
    }
    if (found || !wanted.is_leap || before < 0) continue;
    if (rule_.skip == Skip::backward) set |= 1U << before;
    if (rule_.skip == Skip::forward && before + 1 < year.month_count) set |= 1U << (before + 1);
  }
  return set;
}

std::uint64_t RuleIterator::month_day_bits(int length) const {
  const Skip skip = expands_days_ ? rule_.skip : Skip::omit;
  std::uint64_t bits = 0;
  for (const int day : rule_.month_days) {
    const int n = day > 0 ? day : length + 1 + day;
    if (n >= 1 && n <= length)
      bits |= bit(n);
    else if (skip == Skip::backward)
      bits |= bit(day > 0 ? length : 0);
    else if (skip == Skip::forward)
      bits |= bit(day > 0 ? length + 1 : 1);
  }
  return bits;
}

std::uint64_t RuleIterator::year_day_bits(const YearSpan& year, int month) const {
  const Skip skip = expands_days_ ? rule_.skip : Skip::omit;
  const MonthSpan& span = year.months[static_cast<std::size_t>(month)];
  std::uint64_t bits = 0;
  for (const int day : rule_.year_days) {
    int n = day > 0 ? day : year.length + 1 + day;
    if (n < 1 || n > year.length) {
      if (skip == Skip::omit) continue;
      n = skip == Skip::backward ? (day > 0 ? year.length : 0) : (day > 0 ? year.length + 1 : 1);
    }
    const int in_month = year.first + n - span.first;
    const bool is_edge =
        (in_month == 0 && month == 0) || (in_month == span.length + 1 && month + 1 == year.month_count);
    if ((in_month >= 1 && in_month <= span.length) || is_edge) bits |= bit(in_month);
  }
  return bits;
}

std::uint64_t RuleIterator::weekday_bits(const YearSpan& year, int month) const {
  const MonthSpan& span = year.months[static_cast<std::size_t>(month)];
  const bool counts = expands_days_ && rule_.weeks.empty();
  std::uint64_t bits = 0;
  for (const RuleDay& day : rule_.days) {
    if (day.ordinal == 0 || !counts) {
      bits |= kEverySeventh << ((day.weekday - weekday_of_day(span.first - 1) + 7) % 7);
      continue;
    }
    const DayNumber first = in_year_ ? year.first : span.first;
    const int length = in_year_ ? year.length : span.length;
    int offset = 0;
    if (day.ordinal > 0) {
      offset = (day.weekday - weekday_of_day(first) + 7) % 7 + 7 * (day.ordinal - 1);
    } else {
      offset = length - 1 - (weekday_of_day(first + length - 1) - day.weekday + 7) % 7 + 7 * (day.ordinal + 1);
    }
    if (offset < 0 || offset >= length) continue;
    const int in_month = first + offset - span.first + 1;
    if (in_month >= 1 && in_month <= span.length) bits |= bit(in_month);
  }
  return bits;
}

std::uint64_t RuleIterator::day_bits(const YearSpan& year, int month) {
  if ((month_set(year) & (1U << month)) == 0) return 0;
  std::uint64_t bits = ~0ULL;
  if (rule_.month_days.empty() && rule_.year_days.empty())
    bits = whole(year.months[static_cast<std::size_t>(month)].length);
  if (!rule_.month_days.empty()) bits &= month_day_bits(year.months[static_cast<std::size_t>(month)].length);
  if (!rule_.year_days.empty()) bits &= year_day_bits(year, month);
  if (!rule_.days.empty()) bits &= weekday_bits(year, month);
  return bits;
}

void RuleIterator::to_month(DayNumber day) {
  if (day >= cached_.first && day < cached_.first + cached_.length) return;
  const YearSpan& year = span(years_->year_of(day));
  int month = 0;
  while (month + 1 < year.month_count && year.months[static_cast<std::size_t>(month) + 1].first <= day) ++month;
  const MonthSpan& found = year.months[static_cast<std::size_t>(month)];
  cached_ = {.first = found.first, .length = found.length, .bits = day_bits(year, month)};
}

bool RuleIterator::has_day(DayNumber day) {
  to_month(day);
  return (cached_.bits & bit(day - cached_.first + 1)) != 0;
}

bool RuleIterator::is_empty_month(DayNumber day) {
  to_month(day);
  return (cached_.bits & whole(cached_.length)) == 0;
}

void RuleIterator::append_month(const YearSpan& year, int month) {
  const DayNumber before = year.months[static_cast<std::size_t>(month)].first - 1;
  for (std::uint64_t bits = day_bits(year, month); bits != 0; bits &= bits - 1)
    bases_.push_back((Second{before} + __builtin_ctzll(bits)) * 86400);
}

void RuleIterator::append_weeks(const YearSpan& year) {
  const DayNumber first = first_week(year.first, rule_.week_start);
  const int count = (first_week(year.first + year.length, rule_.week_start) - first) / 7;
  for (const int week : rule_.weeks) {
    const int n = week > 0 ? week : count + 1 + week;
    if (n < 1 || n > count) continue;
    for (int i = 0; i < 7; ++i)
      if (const DayNumber day = first + 7 * (n - 1) + i; has_day(day))
        bases_.push_back(static_cast<Second>(day) * 86400);
  }
}

// The year that the rhythm starts with: DTSTART's, or the next one where its first week has begun already. A rule of
// every year starts one before, as DTSTART may lie in a week of that.
int RuleIterator::first_year() {
  const auto day = static_cast<DayNumber>((start_ - (start_ % 86400 + 86400) % 86400) / 86400);
  const int number = years_->year_of(day);
  if (rule_.weeks.empty()) return number;
  if (rule_.interval == 1) return number - 1;
  const YearSpan& year = span(number);
  return day >= first_week(year.first + year.length, rule_.week_start) ? number + 1 : number;
}

}  // namespace kontor::icalendar
