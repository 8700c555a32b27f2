// SPDX-License-Identifier: AGPL-3.0-or-later
// The instances of one recurrence rule, in the order of time, on the wall of the place where it takes place (RFC 5545
// section 3.3.10, RFC 7529). Lazy, and never more work than the budget says: one call may look at nothing but years in
// which nothing takes place.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "formats/icalendar/calendar_year.h"
#include "formats/icalendar/rule.h"

namespace kontor::icalendar {

// Steps of work: a year, month, week, day or instance that is looked at is one. Shared by what serves one request.
class Budget {
 public:
  explicit Budget(std::uint64_t steps) : left_(steps) {}
  bool spend(std::uint64_t steps = 1) {
    if (left_ < steps)
      left_ = 0;
    else
      left_ -= steps;
    return left_ > 0;
  }
  bool is_spent() const { return left_ == 0; }
  std::uint64_t left() const { return left_; }

 private:
  std::uint64_t left_;
};

// Whether DTSTART is an instance though the rule does not hit it, and COUNT counts it: so RFC 5545 section 3.8.5.3.
// Without, it is the pattern alone, as EXRULE and the rules of time zones need it.
enum class FirstInstance : std::uint8_t { always, if_hit };

class RuleIterator {
 public:
  // UNTIL is compared with what the wall shows: one in UTC is to be brought there before. Errors: invalid (RSCALE).
  static Result<RuleIterator> open(const Rule& rule, Wall start, bool is_date,
                                   FirstInstance first = FirstInstance::always);

  // Goes on with the first instance at or after `from`, if it is not there yet. Without COUNT nothing before is looked
  // at; with COUNT a simple rule is reckoned, another walked through by next().
  void seek(Wall from);
  // Nothing: it ended, or the budget is spent.
  std::optional<Wall> next(Budget& budget);

 private:
  using Second = std::int64_t;

  RuleIterator(const Rule& rule, std::unique_ptr<CalendarYears> years, Wall start, bool is_date);
  void imply();
  void make_times();
  void begin_at(Second from);

  const YearSpan& span(int number);
  std::uint32_t month_set(const YearSpan& year);
  std::uint64_t day_bits(const YearSpan& year, int month);
  std::uint64_t month_day_bits(int length) const;
  std::uint64_t year_day_bits(const YearSpan& year, int month) const;
  std::uint64_t weekday_bits(const YearSpan& year, int month) const;
  void to_month(DayNumber day);
  bool has_day(DayNumber day);
  bool is_empty_month(DayNumber day);

  bool fill(Budget& budget);  // the next period; false: ended or spent
  bool fill_year();
  bool fill_month(Budget& budget);
  bool fill_week();
  bool fill_day();
  bool fill_unit(Budget& budget);
  void append_month(const YearSpan& year, int month);
  void append_weeks(const YearSpan& year);
  void choose_positions();
  Second at(std::size_t index) const;
  std::size_t first_at_or_after(Second when) const;
  bool is_past(std::int64_t day) const;
  int first_year();
  bool unit_fits(Second unit, Second& jump);

  Rule rule_;
  std::unique_ptr<CalendarYears> years_;
  Second start_;
  bool is_date_;
  bool expands_days_;           // yearly and monthly rules make days, others sort out
  bool in_year_ = false;        // ordinals of BYDAY count within the year
  bool pending_start_ = false;  // DTSTART is still to come
  bool ended_ = false;
  std::optional<std::int64_t> left_;  // of COUNT
  Second until_;
  Second from_;
  std::optional<Second> last_;
  std::vector<std::int32_t> times_;  // within a period's day, hour or minute
  std::uint32_t hours_ = 0xFFFFFF;
  std::uint64_t minutes_ = ~0ULL, seconds_ = ~0ULL;

  // Where the next period is: a year, or a year and the index of its month, or a week's first day, a day, or the number
  // of an hour, minute or second.
  std::int64_t cursor_ = 0;
  std::int64_t month_ = 0;

  // The period at hand: every base with every time, or of those what BYSETPOS chose.
  std::vector<Second> bases_;
  std::vector<std::uint32_t> chosen_;
  std::size_t size_ = 0;
  std::size_t at_ = 0;

  std::array<std::optional<YearSpan>, 3> spans_;
  struct CachedMonth {
    DayNumber first = 0;
    int length = 0;
    std::uint64_t bits = 0;
  } cached_;
};

}  // namespace kontor::icalendar
