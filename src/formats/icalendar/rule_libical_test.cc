// SPDX-License-Identifier: AGPL-3.0-or-later
// Generated rules, expanded by us and by libical: an engine that somebody else wrote.
#include <gtest/gtest.h>
#include <libical/ical.h>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <set>

#include "formats/icalendar/rule_iterator.h"

namespace kontor::icalendar {
namespace {

constexpr std::size_t kMostInstances = 15;

class RuleMaker {
 public:
  explicit RuleMaker(std::uint32_t seed) : random_(seed) {}

  std::string rule() {
    static constexpr std::string_view kNames[] = {"SECONDLY", "MINUTELY", "HOURLY", "DAILY",
                                                  "WEEKLY",   "MONTHLY",  "YEARLY"};
    const int frequency = std::min(number(0, 9), 6);
    std::string out = fmt::format("FREQ={}", kNames[frequency]);
    if (chance(2)) out += fmt::format(";INTERVAL={}", number(1, 5));
    if (chance(8)) out += fmt::format(";COUNT={}", number(1, 12));
    if (chance(4)) out += ";BYMONTH=" + list(1, 12, false);
    if (frequency == 6 && chance(6)) out += ";BYWEEKNO=" + list(1, 53, true);
    const bool has_weeks = out.contains("BYWEEKNO");
    if ((frequency == 6 || frequency <= 2) && !has_weeks && chance(6)) out += ";BYYEARDAY=" + list(1, 366, true);
    if (frequency != 4 && !has_weeks && chance(4)) out += ";BYMONTHDAY=" + list(1, 31, true);
    if (chance(2)) out += ";BYDAY=" + weekdays(frequency >= 5 && !has_weeks);
    if (chance(5)) out += ";BYHOUR=" + list(0, 23, false);
    if (chance(5)) out += ";BYMINUTE=" + list(0, 59, false);
    if (chance(8)) out += ";BYSECOND=" + list(0, 59, false);
    if (out.contains("BY") && chance(5)) out += ";BYSETPOS=" + list(1, 4, true);
    if (chance(4)) out += fmt::format(";WKST={}", day());
    return out;
  }

  // RFC 7529. ICU's calendars under both, but rules over them by different hands. Without INTERVAL: libical then begins
  // with another instance than DTSTART, even in daily rules.
  std::string scaled_rule() {
    static constexpr std::string_view kCalendars[] = {"HEBREW", "CHINESE", "ETHIOPIC",
                                                      "INDIAN", "PERSIAN", "GREGORIAN"};
    static constexpr std::string_view kNames[] = {"DAILY", "MONTHLY", "YEARLY"};
    const int frequency = number(0, 2);
    std::string out = fmt::format("RSCALE={};FREQ={}", kCalendars[number(0, 5)], kNames[frequency]);
    if (frequency == 2 && chance(2)) out += fmt::format(";BYMONTH={}", number(1, 12));
    if (frequency != 0 && (frequency == 1 || out.contains("BYMONTH")) && chance(2))
      out += fmt::format(";BYMONTHDAY={}", number(1, 30));
    if (frequency != 0 && chance(3)) out += chance(2) ? ";SKIP=FORWARD" : ";SKIP=BACKWARD";
    return out;
  }

  std::string start() {
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}", number(1990, 2030), number(1, 12), number(1, 28),
                       number(0, 23), number(0, 59), number(0, 59));
  }

 private:
  int number(int from, int to) {
    return from + static_cast<int>(random_() % static_cast<std::uint32_t>(to - from + 1));
  }
  bool chance(int one_of) { return number(1, one_of) == 1; }
  std::string_view day() {
    static constexpr std::string_view kDays[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
    return kDays[number(0, 6)];
  }
  // Sorted and without repetition: libical takes lists as they are.
  std::string list(int from, int to, bool both) {
    std::set<int> numbers;
    for (int i = number(1, 3); i > 0; --i) numbers.insert(both && chance(3) ? -number(from, to) : number(from, to));
    return fmt::format("{}", fmt::join(numbers, ","));
  }
  std::string weekdays(bool ordinals) {
    std::set<std::string> days;
    const bool counted = ordinals && chance(2);
    for (int i = number(1, 3); i > 0; --i)
      days.insert(counted ? fmt::format("{}{}{}", chance(3) ? "-" : "", number(1, 5), day()) : std::string(day()));
    return fmt::format("{}", fmt::join(days, ","));
  }

  std::mt19937 random_;
};

using Walls = std::vector<std::string>;
const std::string kUntil = "20450101T000000";

Walls ours(const std::string& text, const std::string& start) {
  const auto rule = parse_rule(text);
  if (!rule) return {rule.error().text};
  auto iterator = RuleIterator::open(*rule, parse_when(start)->wall, false, FirstInstance::if_hit).value();
  Budget budget(2'000'000);
  Walls out;
  while (const auto next = iterator.next(budget)) {
    out.push_back(print(When{.wall = *next}));
    if (out.size() == kMostInstances || out.back() > kUntil) break;
  }
  if (!out.empty() && out.back() > kUntil) out.pop_back();
  return out;
}

Walls theirs(const std::string& text, const std::string& start) {
  icalrecurrencetype rule = icalrecurrencetype_from_string(text.c_str());
  icalrecur_iterator* iterator = icalrecur_iterator_new(rule, icaltime_from_string(start.c_str()));
  Walls out;
  while (iterator != nullptr && out.size() < kMostInstances) {
    const icaltimetype next = icalrecur_iterator_next(iterator);
    if (icaltime_is_null_time(next)) break;
    const char* printed = icaltime_as_ical_string(next);
    if (printed > kUntil) break;
    out.emplace_back(printed);
  }
  if (iterator != nullptr) icalrecur_iterator_free(iterator);
  std::free(rule.rscale);
  return out;
}

// What libical 3.0.16 does otherwise than RFC 5545, and what it takes minutes for. dateutil judges these
// (tests/recurrence).
bool is_beyond_libical(const std::string& rule) {
  const auto has = [&](std::string_view part) { return rule.contains(part); };
  const bool is_below_day = has("SECONDLY") || has("MINUTELY") || has("HOURLY");
  return has("BYSETPOS") ||  // chooses among days, not among times
         (is_below_day &&
          rule.contains("BY")) ||  // may look at every second of decades; INTERVAL begins anew on each day
         (has("YEARLY") && has("BYMONTHDAY") && !has("BYMONTH=")) ||  // takes the month of DTSTART
         (has("DAILY") && has("BYMONTHDAY") && has("-")) ||           // knows no days from the end
         (has("YEARLY") && has("BYMONTHDAY") && has("BYDAY")) ||      // the ordinal is lost
         (has("BYYEARDAY") && has("BYMONTH=")) ||                     // hits nothing
         (has("WEEKLY") && has("INTERVAL")) ||                        // loses the first week where WKST cuts it
         has("BYWEEKNO");                                             // negative ones, and without BYDAY
}

TEST(RuleLibical, AgreesOnGeneratedRules) {
  const char* wanted = std::getenv("KONTOR_RULES");
  const int rules = wanted != nullptr ? std::atoi(wanted) : 300;
  RuleMaker maker(20240229);
  int compared = 0;
  int differences = 0;
  for (int i = 0; i < rules; ++i) {
    const std::string rule = maker.rule();
    const std::string start = maker.start();
    if (is_beyond_libical(rule)) continue;
    ++compared;
    const Walls mine = ours(rule, start);
    const Walls other = theirs(rule, start);
    if (mine == other) continue;
    if (++differences < 25)
      ADD_FAILURE() << rule << " from " << start << "\n ours   " << fmt::format("{}", fmt::join(mine, ","))
                    << "\n libical " << fmt::format("{}", fmt::join(other, ","));
  }
  EXPECT_GT(compared, rules / 3);
  EXPECT_EQ(differences, 0);
}

TEST(RuleLibical, AgreesOnOtherCalendars) {
  const char* wanted = std::getenv("KONTOR_RULES");
  const int rules = wanted != nullptr ? std::atoi(wanted) : 300;
  RuleMaker maker(7529);
  int differences = 0;
  for (int i = 0; i < rules; ++i) {
    const std::string rule = maker.scaled_rule();
    const std::string start = maker.start();
    // From a day in a leap month it goes on with another month in years that have an earlier leap month.
    if (rule.contains("CHINESE") && rule.contains("YEARLY") && rule.contains("SKIP") && !rule.contains("BYMONTH="))
      continue;
    const Walls mine = ours(rule, start);
    const Walls other = theirs(rule, start);
    if (mine == other || ++differences > 25) continue;
    ADD_FAILURE() << rule << " from " << start << "\n ours   " << fmt::format("{}", fmt::join(mine, ","))
                  << "\n libical " << fmt::format("{}", fmt::join(other, ","));
  }
  EXPECT_EQ(differences, 0);
}

}  // namespace
}  // namespace kontor::icalendar
