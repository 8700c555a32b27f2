// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/value.h"

#include <fmt/core.h>

#include <charconv>

#include "base/bytes.h"

namespace kontor::icalendar {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::year_month_day;

std::unexpected<Error> no_value(std::string_view what, std::string_view text) {
  return fail(Errc::invalid, fmt::format("\"{}\" is not {}.", text.substr(0, 60), what));
}

// `count` digits off the front; nothing if there are fewer.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool skip(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<local_days> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  const bool dashes = skip(text, '-');
  const auto month = year ? take_digits(text, 2) : std::nullopt;
  if (dashes && !skip(text, '-')) return std::nullopt;
  const auto day = month ? take_digits(text, 2) : std::nullopt;
  if (!day || *year == 0) return std::nullopt;
  const year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return local_days(date);
}

// A leap second counts as the second before it (RFC 5545 section 3.3.12); 24:00 is the next day's midnight.
std::optional<seconds> take_time(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  const bool colons = skip(text, ':');
  const auto minute = hour ? take_digits(text, 2) : std::nullopt;
  if (!minute) return std::nullopt;
  if (colons) skip(text, ':');
  const int second = take_digits(text, 2).value_or(0);
  if (*hour > 24 || *minute > 59 || second > 60 || (*hour == 24 && (*minute > 0 || second > 0))) return std::nullopt;
  return hours(*hour) + minutes(*minute) + seconds(std::min(second, 59));
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

Result<When> parse_when(std::string_view text, std::string_view zone) {
  std::string_view rest = trimmed(text);
  const auto date = take_date(rest);
  if (!date) return no_value("a date", text);
  if (rest.empty()) return When{.kind = When::Kind::date, .wall = *date};
  if (!skip(rest, 'T') && !skip(rest, 't') && !skip(rest, ' ')) return no_value("a date and time", text);
  const auto time = take_time(rest);
  if (!time) return no_value("a date and time", text);
  When when{.wall = *date + *time};
  if (when.wall >= local_days(year_month_day(std::chrono::year(10000), std::chrono::month(1), std::chrono::day(1))))
    return no_value("a date and time", text);
  if (skip(rest, 'Z') || skip(rest, 'z') || iequals(zone, "UTC") || iequals(zone, "Etc/UTC"))
    when.kind = When::Kind::utc;
  else if (!zone.empty())
    when.kind = When::Kind::zoned, when.zone = zone;
  if (!rest.empty()) return no_value("a date and time", text);
  return when;
}

Result<When> when_of(const lines::Property& property) {
  TRY(When when, parse_when(property.value, property.parameter("TZID")));
  // Some write midnight for VALUE=DATE.
  if (property.has("VALUE", "DATE") && !when.is_date())
    when = {.kind = When::Kind::date, .wall = std::chrono::floor<days>(when.wall)};
  return when;
}

Result<std::vector<When>> whens_of(const lines::Property& property, std::vector<Period>* periods) {
  std::vector<When> whens;
  const std::string_view zone = property.parameter("TZID");
  for (const std::string_view text : lines::split(property.value, ',')) {
    if (trimmed(text).empty()) continue;
    const std::size_t slash = text.find('/');
    TRY(When start, parse_when(text.substr(0, slash), zone));
    if (slash != std::string_view::npos && periods != nullptr) {
      Period period{.start = start};
      const std::string_view rest = trimmed(text.substr(slash + 1));
      if (rest.starts_with('P') || rest.starts_with('+')) {
        TRY(period.duration, parse_duration(rest));
      } else {
        TRY(period.end, parse_when(rest, zone));
      }
      periods->push_back(std::move(period));
      continue;
    }
    if (property.has("VALUE", "DATE") && !start.is_date())
      start = {.kind = When::Kind::date, .wall = std::chrono::floor<days>(start.wall)};
    whens.push_back(std::move(start));
  }
  return whens;
}

std::string print(const When& when) {
  const auto day = std::chrono::floor<days>(when.wall);
  const year_month_day date(day);
  std::string out = fmt::format("{:04}{:02}{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                static_cast<unsigned>(date.day()));
  if (when.is_date()) return out;
  const std::int64_t time = (when.wall - day).count();
  out += fmt::format("T{:02}{:02}{:02}", time / 3600, time / 60 % 60, time % 60);
  if (when.kind == When::Kind::utc) out += 'Z';
  return out;
}

void set_when(lines::Property& property, const When& when) {
  property.value = print(when);
  property.remove("VALUE");
  property.remove("TZID");
  if (when.is_date()) property.set("VALUE", "DATE");
  if (when.kind == When::Kind::zoned) property.set("TZID", when.zone);
}

Result<Duration> parse_duration(std::string_view text) {
  std::string_view rest = trimmed(text);
  const bool negative = skip(rest, '-');
  if (!negative) skip(rest, '+');
  if (!skip(rest, 'P') && !skip(rest, 'p')) return no_value("a duration", text);
  Duration duration;
  bool is_time = false;
  bool has_part = false;
  while (!rest.empty()) {
    if (!is_time && (skip(rest, 'T') || skip(rest, 't'))) {
      is_time = true;
      continue;
    }
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc() || count < 0 || count > 100'000'000'000 || end == rest.data() + rest.size())
      return no_value("a duration", text);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    switch (rest.front()) {
      case 'W':
      case 'w':
        duration.days += count * 7;
        break;
      case 'D':
      case 'd':
        duration.days += count;
        break;
      case 'H':
      case 'h':
        duration.seconds += count * 3600;
        break;
      case 'M':
      case 'm':
        duration.seconds += count * 60;
        break;
      case 'S':
      case 's':
        duration.seconds += count;
        break;
      default:
        return no_value("a duration", text);
    }
    rest.remove_prefix(1);
    has_part = true;
    if (duration.days > 1'000'000 || duration.seconds > 86'400'000'000)
      return no_value("a duration of fewer than a million days", text);
  }
  if (!has_part) return no_value("a duration", text);
  if (negative) duration = {.days = -duration.days, .seconds = -duration.seconds};
  return duration;
}

std::string print(const Duration& duration) {
  const bool negative = duration.days < 0 || duration.seconds < 0;
  const std::int64_t whole = negative ? -duration.days : duration.days;
  const std::int64_t time = negative ? -duration.seconds : duration.seconds;
  std::string out = negative ? "-P" : "P";
  if (time == 0 && whole > 0 && whole % 7 == 0) return out + fmt::format("{}W", whole / 7);
  if (whole > 0) out += fmt::format("{}D", whole);
  if (time == 0 && whole > 0) return out;
  out += 'T';
  if (time >= 3600) out += fmt::format("{}H", time / 3600);
  // RFC 5545 section 3.3.6: hours and seconds have minutes between them.
  if (time / 60 % 60 > 0 || (time >= 3600 && time % 60 > 0)) out += fmt::format("{}M", time / 60 % 60);
  if (time % 60 > 0 || time == 0) out += fmt::format("{}S", time % 60);
  return out;
}

Result<seconds> parse_offset(std::string_view text) {
  std::string_view rest = trimmed(text);
  const bool negative = skip(rest, '-');
  if (!negative) skip(rest, '+');
  const auto hour = take_digits(rest, 2);
  skip(rest, ':');
  const auto minute = hour ? take_digits(rest, 2) : std::nullopt;
  if (!minute || *hour > 23 || *minute > 59) return no_value("an offset from UTC", text);
  const int second = take_digits(rest, 2).value_or(0);
  if (!rest.empty() || second > 59) return no_value("an offset from UTC", text);
  const seconds offset = hours(*hour) + minutes(*minute) + seconds(second);
  return negative ? -offset : offset;
}

}  // namespace kontor::icalendar
