// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/date_part.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

namespace kontor::sieve {
namespace {

std::string zone_text(int minutes) {
  const int size = std::abs(minutes);
  return fmt::format("{}{:02}{:02}", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

}  // namespace

std::string date_part(Instant at, int zone, std::string_view part) {
  using namespace std::chrono;
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds local = at + minutes(zone);
  const sys_days day = floor<days>(local);
  const year_month_day date(day);
  const hh_mm_ss time(local - day);
  const int y = static_cast<int>(date.year());
  const unsigned m = static_cast<unsigned>(date.month()), d = static_cast<unsigned>(date.day());
  const auto hour = time.hours().count(), minute = time.minutes().count(), second = time.seconds().count();
  const unsigned weekday_number = weekday(day).c_encoding();
  if (part == "year") return fmt::format("{:04}", y);
  if (part == "month") return fmt::format("{:02}", m);
  if (part == "day") return fmt::format("{:02}", d);
  if (part == "date") return fmt::format("{:04}-{:02}-{:02}", y, m, d);
  if (part == "julian") return fmt::format("{}", day.time_since_epoch().count() + 40587);  // since 1858-11-17
  if (part == "hour") return fmt::format("{:02}", hour);
  if (part == "minute") return fmt::format("{:02}", minute);
  if (part == "second") return fmt::format("{:02}", second);
  if (part == "time") return fmt::format("{:02}:{:02}:{:02}", hour, minute, second);
  if (part == "iso8601") {
    const std::string zone_with_colon = zone == 0 ? "Z" : zone_text(zone).insert(3, ":");
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}", y, m, d, hour, minute, second, zone_with_colon);
  }
  if (part == "std11") {
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} {}", kDays[weekday_number], d, kMonths[m - 1], y, hour,
                       minute, second, zone_text(zone));
  }
  if (part == "zone") return zone_text(zone);
  if (part == "weekday") return fmt::format("{}", weekday_number);
  return "";
}

}  // namespace kontor::sieve
