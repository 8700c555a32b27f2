// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include <array>

#include "base/bytes.h"
#include "wire/imap/cursor.h"

namespace kontor::wire::imap {
namespace {

constexpr std::array<std::string_view, 12> kDateMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// A whole text of decimal digits.
std::optional<int> decimal_digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return text.empty() ? std::nullopt : std::optional(value);
}

// "1-Feb-1994"; the day may have one or two digits, or a blank before one.
std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
  if (text.size() == 11 && text[0] == ' ') text.remove_prefix(1);
  const std::size_t dash = text.find('-');
  if (dash == 0 || dash > 2 || text.size() != dash + 9 || text[dash + 4] != '-') return std::nullopt;
  const auto day = decimal_digits(text.substr(0, dash));
  const auto year = decimal_digits(text.substr(dash + 5));
  if (!day || !year) return std::nullopt;
  for (unsigned month = 0; month < kDateMonths.size(); ++month) {
    if (!iequals(kDateMonths[month], text.substr(dash + 1, 3))) continue;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(month + 1),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date);
  }
  return std::nullopt;
}

// "02:44:25 -0700" on that day.
std::optional<InternalDate> parse_time(std::chrono::sys_days day, std::string_view text) {
  if (text.size() != 14 || text[2] != ':' || text[5] != ':' || text[8] != ' ') return std::nullopt;
  const auto hour = decimal_digits(text.substr(0, 2));
  const auto minute = decimal_digits(text.substr(3, 2));
  const auto second = decimal_digits(text.substr(6, 2));
  const auto zone_hour = decimal_digits(text.substr(10, 2));
  const auto zone_minute = decimal_digits(text.substr(12, 2));
  const bool known_sign = text[9] == '+' || text[9] == '-';
  if (!hour || !minute || !second || !zone_hour || !zone_minute || !known_sign) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60 || *zone_minute > 59 || *zone_hour > 23) return std::nullopt;
  const int zone = (*zone_hour * 60 + *zone_minute) * (text[9] == '-' ? -1 : 1);
  const Instant local = day + std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  return InternalDate(local - std::chrono::minutes(zone), static_cast<std::int16_t>(zone));
}

}  // namespace

std::chrono::sys_days Cursor::date() {
  std::optional<std::chrono::sys_days> day;
  if (peek() == '"') {
    day = parse_day(quoted());
  } else if (!failed()) {
    day = parse_day(atom());
  }
  if (!day) fail("expected a date such as 1-Feb-1994");
  return day.value_or(std::chrono::sys_days());
}

InternalDate Cursor::date_time() {
  std::optional<InternalDate> found;
  if (peek() == '"') {
    const std::string text = quoted();
    if (text.size() == 26 && text[11] == ' ') {
      if (const auto day = parse_day(std::string_view(text).substr(0, 11))) {
        found = parse_time(*day, std::string_view(text).substr(12));
      }
    }
  }
  if (!found) fail("expected a date and time such as \"17-Jul-1996 02:44:25 -0700\"");
  return found.value_or(InternalDate());
}

std::string print_date_time(const InternalDate& date) {
  const Instant local = date.at + std::chrono::minutes(date.zone_minutes);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day ymd(day);
  const std::chrono::hh_mm_ss time(local - day);
  const int zone = date.zone_minutes < 0 ? -date.zone_minutes : date.zone_minutes;
  return fmt::format("{:2}-{}-{:04} {:02}:{:02}:{:02} {}{:02}{:02}", static_cast<unsigned>(ymd.day()),
                     kDateMonths[static_cast<unsigned>(ymd.month()) - 1], static_cast<int>(ymd.year()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     date.zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
}

}  // namespace kontor::wire::imap
