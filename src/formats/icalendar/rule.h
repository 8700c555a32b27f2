// SPDX-License-Identifier: AGPL-3.0-or-later
// A recurrence rule: RRULE and EXRULE (RFC 5545 section 3.3.10, RFC 7529).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/icalendar/value.h"

namespace kontor::icalendar {

enum class Frequency : std::uint8_t { secondly, minutely, hourly, daily, weekly, monthly, yearly };
enum class Skip : std::uint8_t { omit, backward, forward };

struct RuleDay {
  auto operator<=>(const RuleDay&) const = default;
  int weekday = 0;  // Monday is 0
  int ordinal = 0;  // 0: every; 2: the second; -1: the last
};

struct RuleMonth {
  auto operator<=>(const RuleMonth&) const = default;
  int number = 0;  // from 1
  bool is_leap = false;
};

// Lists are sorted and hold nothing twice.
struct Rule {
  bool operator==(const Rule&) const = default;

  Frequency frequency = Frequency::daily;
  std::int64_t interval = 1;
  std::optional<std::int64_t> count;
  std::optional<When> until;
  std::vector<int> seconds, minutes, hours;
  std::vector<RuleDay> days;
  std::vector<int> month_days, year_days, weeks;
  std::vector<RuleMonth> months;
  std::vector<int> positions;
  int week_start = 0;
  std::string calendar;  // RSCALE in upper case; empty: Gregorian
  Skip skip = Skip::omit;
};

// Parts whose names begin with "X-" are left out. INTERVAL=0 counts as 1. Errors: invalid, naming the part.
Result<Rule> parse_rule(std::string_view text);
std::string print(const Rule& rule);

}  // namespace kontor::icalendar
