// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/rule_iterator.h"

#include <algorithm>

namespace kontor::icalendar {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kEndOfTime = 253'402'300'800;  // 10000-01-01

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// The first number at or after `wanted` that lies whole steps behind `origin`.
std::int64_t align(std::int64_t wanted, std::int64_t origin, std::int64_t step) {
  if (wanted <= origin) return origin;
  return origin + (wanted - origin + step - 1) / step * step;
}

std::int64_t unit_of(Frequency frequency) {
  return frequency == Frequency::hourly ? 3600 : frequency == Frequency::minutely ? 60 : 1;
}

std::uint64_t set_of(const std::vector<int>& list) {
  std::uint64_t set = 0;
  for (const int n : list) set |= 1ULL << n;
  return list.empty() ? ~0ULL : set;
}

DayNumber day_of(std::int64_t second) { return static_cast<DayNumber>(floor_div(second, kDay)); }

bool is_below_day(Frequency frequency) { return frequency <= Frequency::hourly; }

}  // namespace

Result<RuleIterator> RuleIterator::open(const Rule& rule, Wall start, bool is_date, FirstInstance first) {
  TRY(std::unique_ptr<CalendarYears> years, open_calendar(rule.calendar));
  RuleIterator iterator(rule, std::move(years), start, is_date);
  iterator.pending_start_ = first == FirstInstance::always;
  return iterator;
}

RuleIterator::RuleIterator(const Rule& rule, std::unique_ptr<CalendarYears> years, Wall start, bool is_date)
    : rule_(rule),
      years_(std::move(years)),
      start_(start.time_since_epoch().count()),
      is_date_(is_date),
      expands_days_(rule.frequency >= Frequency::monthly),
      left_(rule.count),
      until_(kEndOfTime),
      from_(start_) {
  if (rule.until) {
    until_ = rule.until->wall.time_since_epoch().count();
    // A date as the end includes its day.
    if (rule.until->is_date() || is_date) until_ = (floor_div(until_, kDay) + 1) * kDay - 1;
  }
  if (is_date) rule_.hours.clear(), rule_.minutes.clear(), rule_.seconds.clear();
  in_year_ = rule_.frequency == Frequency::yearly && rule_.months.empty();
  imply();
  make_times();
  begin_at(start_);
}

// What the rule does not say comes from DTSTART.
void RuleIterator::imply() {
  const bool says_day = !rule_.days.empty() || !rule_.month_days.empty() || !rule_.year_days.empty();
  const DayNumber day = day_of(start_);
  const int weekday = ((day % 7) + 10) % 7;
  if (says_day || rule_.frequency < Frequency::weekly) return;
  if (rule_.frequency == Frequency::weekly || !rule_.weeks.empty()) {
    rule_.days = {{.weekday = weekday}};
    return;
  }
  const YearSpan& year = span(years_->year_of(day));
  int month = 0;
  while (month + 1 < year.month_count && year.months[static_cast<std::size_t>(month) + 1].first <= day) ++month;
  const MonthSpan& found = year.months[static_cast<std::size_t>(month)];
  rule_.month_days = {day - found.first + 1};
  if (rule_.frequency == Frequency::yearly && rule_.months.empty())
    rule_.months = {{.number = found.number, .is_leap = found.is_leap}};
}

void RuleIterator::make_times() {
  hours_ = static_cast<std::uint32_t>(set_of(rule_.hours));
  minutes_ = set_of(rule_.minutes);
  seconds_ = set_of(rule_.seconds);
  const auto time = static_cast<int>(start_ - floor_div(start_, kDay) * kDay);
  const auto or_own = [](const std::vector<int>& list, int own) { return list.empty() ? std::vector<int>{own} : list; };
  // What is smaller than the frequency's unit is expanded; the unit itself and what is larger is sorted out.
  std::vector<int> hours{0}, minutes{0}, seconds{0};
  if (rule_.frequency > Frequency::hourly) hours = or_own(rule_.hours, time / 3600);
  if (rule_.frequency > Frequency::minutely) minutes = or_own(rule_.minutes, time / 60 % 60);
  if (rule_.frequency > Frequency::secondly) seconds = or_own(rule_.seconds, time % 60);
  for (const int hour : hours)
    for (const int minute : minutes)
      for (const int second : seconds) times_.push_back(hour * 3600 + minute * 60 + second);
}

// Sets the cursor to the first period of the rule's rhythm that ends after `from`, or one before.
void RuleIterator::begin_at(Second from) {
  const DayNumber first = day_of(start_);
  const DayNumber day = std::max(first, day_of(from));
  switch (rule_.frequency) {
    case Frequency::yearly: {
      const int origin = first_year();
      // Weeks and SKIP reach into the neighbouring years.
      cursor_ = origin + std::max<std::int64_t>(years_->year_of(day) - 1 - origin, 0) / rule_.interval * rule_.interval;
      break;
    }
    case Frequency::monthly: {
      const auto month_of = [&](const YearSpan& year, DayNumber of) {
        int month = 0;
        while (month + 1 < year.month_count && year.months[static_cast<std::size_t>(month) + 1].first <= of) ++month;
        return month;
      };
      cursor_ = years_->year_of(first);
      month_ = month_of(span(static_cast<int>(cursor_)), first);
      if (!years_->is_gregorian() || day == first) break;  // months of other years are not all alike: they are walked
      const int year = years_->year_of(day);
      const std::int64_t origin = cursor_ * 12 + month_;
      const std::int64_t wanted = year * std::int64_t{12} + month_of(span(year), day) - 1;
      const std::int64_t month = origin + std::max<std::int64_t>(wanted - origin, 0) / rule_.interval * rule_.interval;
      cursor_ = month / 12;
      month_ = month % 12;
      break;
    }
    case Frequency::weekly: {
      const DayNumber origin = first - (((first % 7) + 10) % 7 - rule_.week_start + 7) % 7;
      cursor_ = origin + (day - origin) / (7 * rule_.interval) * (7 * rule_.interval);
      break;
    }
    case Frequency::daily:
      cursor_ = first + (day - first) / rule_.interval * rule_.interval;
      break;
    default: {
      const std::int64_t unit = unit_of(rule_.frequency);
      const std::int64_t origin = floor_div(start_, unit);
      cursor_ = origin + std::max<std::int64_t>(floor_div(from, unit) - origin, 0) / rule_.interval * rule_.interval;
    }
  }
  bases_.clear();
  size_ = at_ = 0;
}

void RuleIterator::seek(Wall wall) {
  const Second from = wall.time_since_epoch().count();
  if (from <= from_ || ended_) return;
  const bool was_far = from - from_ > 2 * kDay;
  from_ = from;
  if (!left_) {
    if (pending_start_ && start_ < from) pending_start_ = false;
    if (size_ > 0 && at_ < size_ && at(size_ - 1) >= from) {
      at_ = std::max(at_, first_at_or_after(from));
    } else if (was_far || size_ == 0) {
      begin_at(from);
    }
    return;
  }
  // One instance for each period and nothing sorted out: those before can be counted.
  const bool is_plain = rule_.frequency <= Frequency::weekly && (!is_date_ || !is_below_day(rule_.frequency)) &&
                        rule_.months.empty() && rule_.month_days.empty() && rule_.year_days.empty() &&
                        rule_.hours.empty() && rule_.minutes.empty() && rule_.seconds.empty() &&
                        rule_.positions.empty() &&
                        (rule_.days.empty() || (rule_.frequency == Frequency::weekly && rule_.days.size() == 1));
  const bool hits_start = rule_.days.empty() || rule_.days[0].weekday == ((day_of(start_) % 7) + 10) % 7;
  if (!is_plain || !hits_start || last_ || size_ > 0) return;
  const std::int64_t step = rule_.interval * (rule_.frequency == Frequency::weekly  ? 7 * kDay
                                              : rule_.frequency == Frequency::daily ? kDay
                                                                                    : unit_of(rule_.frequency));
  const std::int64_t before = (from - start_ + step - 1) / step;
  if (before <= 0) return;
  *left_ -= before;
  pending_start_ = false;
  begin_at(start_ + before * step);
}

RuleIterator::Second RuleIterator::at(std::size_t index) const {
  const std::size_t i = chosen_.empty() ? index : chosen_[index];
  const Second value = bases_[i / times_.size()] + times_[i % times_.size()];
  return is_date_ ? floor_div(value, kDay) * kDay : value;
}

std::size_t RuleIterator::first_at_or_after(Second when) const {
  std::size_t low = 0;
  std::size_t high = size_;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (at(middle) < when)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

std::optional<Wall> RuleIterator::next(Budget& budget) {
  if (pending_start_) {
    pending_start_ = false;
    last_ = start_;
    if (left_) --*left_;
    if (start_ >= from_) return Wall(std::chrono::seconds(start_));
  }
  while (!ended_) {
    if (left_ && *left_ <= 0) break;
    if (at_ == size_) {
      if (!fill(budget)) {
        ended_ = ended_ || !budget.is_spent();
        return std::nullopt;
      }
      at_ = first_at_or_after(std::max(start_, left_ ? start_ : from_));
      // With COUNT a period before the window is only counted.
      if (left_ && size_ > at_ && at(size_ - 1) < from_ && rule_.skip == Skip::omit && !is_date_) {
        const Second first = at(at_);
        const auto skipped = static_cast<std::int64_t>(size_ - at_) - (last_ && first <= *last_ ? 1 : 0);
        if (skipped <= *left_ && at(size_ - 1) <= until_) {
          *left_ -= skipped;
          last_ = at(size_ - 1);
          at_ = size_;
        }
      }
      continue;
    }
    const Second value = at(at_++);
    if (value > until_ || value >= kEndOfTime) break;
    if (last_ && value <= *last_) continue;  // SKIP may move two days to one
    last_ = value;
    if (left_) --*left_;
    if (value < from_) {
      if (!budget.spend()) return std::nullopt;
      continue;
    }
    return Wall(std::chrono::seconds(value));
  }
  ended_ = true;
  return std::nullopt;
}

bool RuleIterator::fill(Budget& budget) {
  bases_.clear();
  chosen_.clear();
  size_ = at_ = 0;
  while (size_ == 0) {
    if (!budget.spend(years_->is_gregorian() ? 1 : 100)) return false;
    bool goes_on = false;
    switch (rule_.frequency) {
      case Frequency::yearly:
        goes_on = fill_year();
        break;
      case Frequency::monthly:
        goes_on = fill_month(budget);
        break;
      case Frequency::weekly:
        goes_on = fill_week();
        break;
      case Frequency::daily:
        goes_on = fill_day();
        break;
      default:
        goes_on = fill_unit(budget);
    }
    if (!goes_on) return false;
    if (!bases_.empty() && bases_.front() > until_ && bases_.front() > start_) return ended_ = true, false;
    size_ = bases_.size() * times_.size();
    if (!rule_.positions.empty()) choose_positions();
  }
  return true;
}

// A week or SKIP may reach back before its year or month.
bool RuleIterator::is_past(std::int64_t day) const { return day - 8 > floor_div(std::min(until_, kEndOfTime), kDay); }

bool RuleIterator::fill_year() {
  const YearSpan& year = span(static_cast<int>(cursor_));
  if (is_past(year.first) || year.month_count == 0) return false;
  cursor_ += rule_.interval;
  if (!rule_.weeks.empty()) {
    append_weeks(year);
  } else {
    for (int month = 0; month < year.month_count; ++month) append_month(year, month);
  }
  std::ranges::sort(bases_);
  bases_.erase(std::ranges::unique(bases_).begin(), bases_.end());
  return true;
}

bool RuleIterator::fill_month(Budget& budget) {
  const YearSpan* year = &span(static_cast<int>(cursor_));
  while (month_ >= year->month_count) {
    if (is_past(year->first) || year->month_count == 0 || !budget.spend()) return false;
    month_ -= year->month_count;
    year = &span(static_cast<int>(++cursor_));
  }
  if (is_past(year->months[static_cast<std::size_t>(month_)].first)) return false;
  append_month(*year, static_cast<int>(month_));
  month_ += rule_.interval;
  return true;
}

bool RuleIterator::fill_week() {
  if (is_past(cursor_)) return false;
  for (int i = 0; i < 7; ++i)
    if (const auto day = static_cast<DayNumber>(cursor_ + i); has_day(day)) bases_.push_back(day * kDay);
  cursor_ += 7 * rule_.interval;
  return true;
}

bool RuleIterator::fill_day() {
  if (is_past(cursor_)) return false;
  const auto day = static_cast<DayNumber>(cursor_);
  if (is_empty_month(day)) {
    cursor_ = align(cached_.first + cached_.length, cursor_, rule_.interval);
    return true;
  }
  if (has_day(day)) bases_.push_back(day * kDay);
  cursor_ += rule_.interval;
  return true;
}

// Whether the unit that begins at `unit` (in seconds) fits BYHOUR, BYMINUTE and BYSECOND; if not, `jump` is the next
// second that might.
bool RuleIterator::unit_fits(Second unit, Second& jump) {
  const DayNumber day = day_of(unit);
  if (!has_day(day)) {
    jump = (is_empty_month(day) ? cached_.first + cached_.length : day + 1) * kDay;
    return false;
  }
  const auto time = static_cast<int>(unit - day * kDay);
  if ((hours_ & (1U << (time / 3600))) == 0) {
    jump = unit - time % 3600 + 3600;
    return false;
  }
  if (rule_.frequency <= Frequency::minutely && (minutes_ & (1ULL << (time / 60 % 60))) == 0) {
    jump = unit - time % 60 + 60;
    return false;
  }
  if (rule_.frequency == Frequency::secondly && (seconds_ & (1ULL << (time % 60))) == 0) {
    jump = unit + 1;
    return false;
  }
  return true;
}

bool RuleIterator::fill_unit(Budget& budget) {
  const std::int64_t unit = unit_of(rule_.frequency);
  while (cursor_ * unit < kEndOfTime && cursor_ * unit <= until_) {
    Second jump = 0;
    if (unit_fits(cursor_ * unit, jump)) {
      bases_.push_back(cursor_ * unit);
      cursor_ += rule_.interval;
      return true;
    }
    if (!budget.spend()) return false;
    cursor_ = align(floor_div(jump + unit - 1, unit), cursor_, rule_.interval);
  }
  return false;
}

// RFC 5545: the n-th of the period's instances, from its begin or end.
void RuleIterator::choose_positions() {
  for (const int position : rule_.positions) {
    const std::int64_t index = position > 0 ? position - 1 : static_cast<std::int64_t>(size_) + position;
    if (index >= 0 && index < static_cast<std::int64_t>(size_)) chosen_.push_back(static_cast<std::uint32_t>(index));
  }
  std::ranges::sort(chosen_);
  chosen_.erase(std::ranges::unique(chosen_).begin(), chosen_.end());
  size_ = chosen_.size();
  if (size_ == 0) bases_.clear();
}

}  // namespace kontor::icalendar
