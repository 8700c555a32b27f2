// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/rule.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"

namespace kontor::icalendar {
namespace {

constexpr std::string_view kFrequencies[] = {"SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
constexpr std::string_view kWeekdays[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
constexpr std::string_view kSkips[] = {"OMIT", "BACKWARD", "FORWARD"};
constexpr std::int64_t kMost = 1'000'000'000;  // interval and count

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

template <std::size_t n>
std::optional<int> index_of(const std::string_view (&names)[n], std::string_view name) {
  for (std::size_t i = 0; i < n; ++i)
    if (names[i] == name) return static_cast<int>(i);
  return std::nullopt;
}

std::optional<std::int64_t> to_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// One part's name and value, in upper case.
struct Part {
  std::unexpected<Error> wrong() const {
    return fail(Errc::invalid, fmt::format("The recurrence rule has {}={}.", name, value.substr(0, 40)));
  }

  std::string name, value;
};

template <class Take>
Result<void> each_item(const Part& part, Take take) {
  std::string_view rest = part.value;
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    const std::string_view item = without_blanks(rest.substr(0, comma));
    more = comma != std::string_view::npos;
    if (more) rest.remove_prefix(comma + 1);
    if (item.empty() || !take(item)) return part.wrong();
  }
  return {};
}

template <class T>
void tidy(std::vector<T>& list) {
  std::ranges::sort(list);
  list.erase(std::ranges::unique(list).begin(), list.end());
}

Result<void> read_numbers(const Part& part, int from, int to, std::vector<int>& list) {
  TRY_VOID(each_item(part, [&](std::string_view item) {
    const auto value = to_number(item);
    const std::int64_t size = value ? (from == 1 ? std::abs(*value) : *value) : -1;
    if (size < from || size > to) return false;
    list.push_back(static_cast<int>(*value));
    return true;
  }));
  tidy(list);
  return {};
}

Result<void> read_days(const Part& part, std::vector<RuleDay>& days) {
  TRY_VOID(each_item(part, [&](std::string_view item) {
    if (item.size() < 2) return false;
    const auto weekday = index_of(kWeekdays, item.substr(item.size() - 2));
    const std::string_view ordinal = item.substr(0, item.size() - 2);
    const auto number = ordinal.empty() ? std::optional<std::int64_t>(0) : to_number(ordinal);
    if (!weekday || !number || std::abs(*number) > 53) return false;
    days.push_back({.weekday = *weekday, .ordinal = static_cast<int>(*number)});
    return true;
  }));
  tidy(days);
  return {};
}

Result<void> read_months(const Part& part, std::vector<RuleMonth>& months) {
  TRY_VOID(each_item(part, [&](std::string_view item) {
    const bool is_leap = item.ends_with('L');
    if (is_leap) item.remove_suffix(1);
    const auto number = to_number(item);
    if (!number || *number < 1 || *number > 13) return false;
    months.push_back({.number = static_cast<int>(*number), .is_leap = is_leap});
    return true;
  }));
  tidy(months);
  return {};
}

Result<void> read_word(const Part& part, Rule& rule) {
  if (part.name == "FREQ") {
    const auto frequency = index_of(kFrequencies, part.value);
    if (!frequency) return part.wrong();
    rule.frequency = static_cast<Frequency>(*frequency);
  } else if (part.name == "WKST") {
    const auto weekday = index_of(kWeekdays, part.value);
    if (!weekday) return part.wrong();
    rule.week_start = *weekday;
  } else if (part.name == "SKIP") {
    const auto skip = index_of(kSkips, part.value);
    if (!skip) return part.wrong();
    rule.skip = static_cast<Skip>(*skip);
  } else if (part.name == "RSCALE") {
    rule.calendar = part.value == "GREGORIAN" ? "" : part.value;
  } else if (part.name == "UNTIL") {
    auto until = parse_when(part.value);
    if (!until) return part.wrong();
    rule.until = *std::move(until);
  } else if (part.name == "INTERVAL" || part.name == "COUNT") {
    const auto value = to_number(part.value);
    const bool is_count = part.name == "COUNT";
    if (!value || *value < (is_count ? 1 : 0) || *value > kMost) return part.wrong();
    if (is_count)
      rule.count = *value;
    else
      rule.interval = std::max<std::int64_t>(*value, 1);
  } else if (!part.name.starts_with("X-")) {
    return part.wrong();
  }
  return {};
}

Result<void> read_part(const Part& part, Rule& rule) {
  if (part.name == "BYSECOND") {
    TRY_VOID(read_numbers(part, 0, 60, rule.seconds));
    // RFC 5545 section 3.3.12: who knows no leap seconds takes the one before.
    for (int& second : rule.seconds) second = std::min(second, 59);
    tidy(rule.seconds);
    return {};
  }
  if (part.name == "BYMINUTE") return read_numbers(part, 0, 59, rule.minutes);
  if (part.name == "BYHOUR") return read_numbers(part, 0, 23, rule.hours);
  if (part.name == "BYDAY") return read_days(part, rule.days);
  if (part.name == "BYMONTHDAY") return read_numbers(part, 1, 31, rule.month_days);
  if (part.name == "BYYEARDAY") return read_numbers(part, 1, 385, rule.year_days);
  if (part.name == "BYWEEKNO") return read_numbers(part, 1, 55, rule.weeks);
  if (part.name == "BYMONTH") return read_months(part, rule.months);
  if (part.name == "BYSETPOS") return read_numbers(part, 1, 366, rule.positions);
  return read_word(part, rule);
}

template <class List>
void print_list(std::string_view name, const List& list, std::string& out) {
  if (!list.empty()) out += fmt::format(";{}={}", name, fmt::join(list, ","));
}

}  // namespace

Result<Rule> parse_rule(std::string_view text) {
  Rule rule;
  bool has_frequency = false;
  for (const std::string_view piece : lines::split(text, ';')) {
    if (without_blanks(piece).empty()) continue;
    const std::size_t equals = piece.find('=');
    if (equals == std::string_view::npos)
      return fail(Errc::invalid, fmt::format("\"{}\" is no recurrence rule.", text.substr(0, 60)));
    const Part part{.name = to_upper(without_blanks(piece.substr(0, equals))),
                    .value = to_upper(without_blanks(piece.substr(equals + 1)))};
    has_frequency = has_frequency || part.name == "FREQ";
    TRY_VOID(read_part(part, rule));
  }
  if (!has_frequency) return fail(Errc::invalid, "The recurrence rule has no FREQ.");
  if (!rule.weeks.empty() && rule.frequency != Frequency::yearly)
    return fail(Errc::invalid, "The recurrence rule has BYWEEKNO, but is not yearly.");
  if (rule.calendar.empty() &&
      (std::ranges::any_of(rule.months, [](RuleMonth m) { return m.is_leap || m.number > 12; })))
    return fail(Errc::invalid, "The recurrence rule has a month that the Gregorian calendar has not.");
  return rule;
}

std::string print(const Rule& rule) {
  std::string out;
  if (!rule.calendar.empty() || rule.skip != Skip::omit)
    out = fmt::format("RSCALE={};", rule.calendar.empty() ? "GREGORIAN" : rule.calendar);
  out += fmt::format("FREQ={}", kFrequencies[static_cast<std::size_t>(rule.frequency)]);
  if (rule.until) out += ";UNTIL=" + print(*rule.until);
  if (rule.count) out += fmt::format(";COUNT={}", *rule.count);
  if (rule.interval != 1) out += fmt::format(";INTERVAL={}", rule.interval);
  print_list("BYSECOND", rule.seconds, out);
  print_list("BYMINUTE", rule.minutes, out);
  print_list("BYHOUR", rule.hours, out);
  std::vector<std::string> words;
  for (const RuleDay& day : rule.days)
    words.push_back((day.ordinal != 0 ? std::to_string(day.ordinal) : "") +
                    std::string(kWeekdays[static_cast<std::size_t>(day.weekday)]));
  print_list("BYDAY", words, out);
  print_list("BYMONTHDAY", rule.month_days, out);
  print_list("BYYEARDAY", rule.year_days, out);
  print_list("BYWEEKNO", rule.weeks, out);
  words.clear();
  for (const RuleMonth& month : rule.months) words.push_back(std::to_string(month.number) + (month.is_leap ? "L" : ""));
  print_list("BYMONTH", words, out);
  print_list("BYSETPOS", rule.positions, out);
  if (rule.week_start != 0) out += fmt::format(";WKST={}", kWeekdays[static_cast<std::size_t>(rule.week_start)]);
  if (rule.skip != Skip::omit) out += fmt::format(";SKIP={}", kSkips[static_cast<std::size_t>(rule.skip)]);
  return out;
}

}  // namespace kontor::icalendar
