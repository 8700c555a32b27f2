// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/http/date.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace kontor::wire::http {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::size_t kLongestDate = 40;

std::optional<int> digits(std::string_view text, std::size_t least, std::size_t most) {
  if (text.size() < least || text.size() > most) return std::nullopt;
  int out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return out;
}

std::optional<Instant> instant_of(std::optional<int> year, std::string_view month, std::optional<int> day,
                                  std::string_view time) {
  const auto found = std::ranges::find(kMonths, month);
  if (!year || !day || found == kMonths.end() || time.size() != 8 || time[2] != ':' || time[5] != ':')
    return std::nullopt;
  const auto hour = digits(time.substr(0, 2), 2, 2), minute = digits(time.substr(3, 2), 2, 2),
             second = digits(time.substr(6, 2), 2, 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto index = static_cast<unsigned>(found - kMonths.begin());
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(index + 1),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

// The century in which two digits are nearest, but not more than 50 years ahead.
std::optional<int> full_year(std::optional<int> two, Instant now) {
  if (!two) return std::nullopt;
  const int current = static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(now)).year());
  int year = current - current % 100 + *two;
  if (year > current + 50) year -= 100;
  return year;
}

}  // namespace

std::string print_date(Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

std::optional<Instant> parse_date(std::string_view text, Instant now) {
  if (text.size() > kLongestDate) return std::nullopt;
  const auto words = words_of(text);
  if (words.size() == 6 && words[5] == "GMT" && words[0].ends_with(','))
    return instant_of(digits(words[3], 4, 4), words[2], digits(words[1], 2, 2), words[4]);
  if (words.size() == 4 && words[3] == "GMT" && words[0].ends_with(',') && words[1].size() == 9 && words[1][2] == '-' &&
      words[1][6] == '-')
    return instant_of(full_year(digits(words[1].substr(7), 2, 2), now), words[1].substr(3, 3),
                      digits(words[1].substr(0, 2), 2, 2), words[2]);
  if (words.size() == 5) return instant_of(digits(words[4], 4, 4), words[1], digits(words[2], 1, 2), words[3]);
  return std::nullopt;
}

}  // namespace kontor::wire::http
