// SPDX-License-Identifier: AGPL-3.0-or-later
// Files of zoneinfo: RFC 8536, and the TZ string at their end.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/bytes.h"
#include "formats/icalendar/zone.h"

namespace kontor::icalendar {
namespace {

constexpr std::int64_t kDayLength = 86400;

struct ZoneHeader {
  std::uint32_t is_utc, is_standard, leaps, times, types, chars;
  std::size_t body(std::size_t width) const {
    return times * width + times + types * std::size_t{6} + chars + leaps * (width + 4) + is_standard + is_utc;
  }
};

constexpr std::size_t kHeaderSize = 44;
constexpr std::uint32_t kMostOfAll = 100'000;

std::optional<ZoneHeader> read_header(std::string_view bytes) {
  if (bytes.size() < kHeaderSize || !bytes.starts_with("TZif")) return std::nullopt;
  const auto word = [&](std::size_t i) { return read_be32(bytes.substr(20 + 4 * i)); };
  const ZoneHeader header{word(0), word(1), word(2), word(3), word(4), word(5)};
  for (std::size_t i = 0; i < 6; ++i)
    if (word(i) > kMostOfAll) return std::nullopt;
  if (header.types == 0) return std::nullopt;
  return header;
}

// A "<...>" or letters.
std::optional<std::string> take_zone_name(std::string_view& text) {
  std::size_t end = 0;
  const bool is_quoted = text.starts_with('<');
  if (is_quoted) {
    end = text.find('>');
    if (end == std::string_view::npos) return std::nullopt;
    ++end;
  } else {
    while (end < text.size() && ((text[end] >= 'A' && text[end] <= 'Z') || (text[end] >= 'a' && text[end] <= 'z')))
      ++end;
  }
  std::string name(is_quoted ? text.substr(1, end - 2) : text.substr(0, end));
  text.remove_prefix(end);
  return end >= 3 ? std::optional(std::move(name)) : std::nullopt;
}

std::optional<int> take_int(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 0 || value > 1000) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool skip_char(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// "[+-]hh[:mm[:ss]]" in seconds.
std::optional<int> take_clock(std::string_view& text) {
  const bool negative = skip_char(text, '-');
  if (!negative) skip_char(text, '+');
  int total = 0;
  for (int unit = 3600; unit > 0; unit /= 60) {
    const auto value = take_int(text);
    if (!value) return std::nullopt;
    total += *value * unit;
    if (!skip_char(text, ':')) break;
  }
  return negative ? -total : total;
}

std::optional<PosixZone::Change> take_change(std::string_view& text) {
  using Form = PosixZone::Change::Form;
  PosixZone::Change change;
  if (!skip_char(text, ',')) return std::nullopt;
  if (skip_char(text, 'M')) {
    const auto month = take_int(text);
    const auto week = month && skip_char(text, '.') ? take_int(text) : std::nullopt;
    const auto day = week && skip_char(text, '.') ? take_int(text) : std::nullopt;
    if (!day || *month < 1 || *month > 12 || *week < 1 || *week > 5 || *day > 6) return std::nullopt;
    change.month = *month, change.week = *week, change.day = *day;
  } else {
    change.form = skip_char(text, 'J') ? Form::julian : Form::day;
    const auto day = take_int(text);
    if (!day || *day > 365) return std::nullopt;
    change.day = *day;
  }
  if (skip_char(text, '/')) {
    const auto time = take_clock(text);
    if (!time) return std::nullopt;
    change.second = *time;
  }
  return change;
}

}  // namespace

std::int64_t wall_of(const PosixZone::Change& change, int number) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace)
  const year year(number);
  sys_days day = year / January / 1;
  switch (change.form) {
    case PosixZone::Change::Form::julian:
      day += days(change.day - 1 + (year.is_leap() && change.day > 59 ? 1 : 0));
      break;
    case PosixZone::Change::Form::day:
      day += days(change.day);
      break;
    case PosixZone::Change::Form::week: {
      const month month(static_cast<unsigned>(change.month));
      const weekday weekday(static_cast<unsigned>(change.day));
      day = change.week == 5 ? sys_days(year / month / weekday[last])
                             : sys_days(year / month / weekday[static_cast<unsigned>(change.week)]);
    }
  }
  return static_cast<std::int64_t>(day.time_since_epoch().count()) * kDayLength + change.second;
}

std::int32_t PosixZone::offset_at(std::int64_t second) const {
  if (!daylight) return standard;
  const auto day =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(second + standard)));
  const auto year = static_cast<int>(std::chrono::year_month_day(day).year());
  const std::int64_t from = wall_of(begin, year) - standard;
  const std::int64_t to = wall_of(end, year) - *daylight;
  const bool is_daylight = from < to ? second >= from && second < to : second >= from || second < to;
  return is_daylight ? *daylight : standard;
}

std::optional<PosixZone> parse_posix_zone(std::string_view text) {
  PosixZone zone;
  auto name = take_zone_name(text);
  if (!name) return std::nullopt;
  zone.standard_name = *std::move(name);
  const auto standard = take_clock(text);
  if (!standard) return std::nullopt;
  zone.standard = -*standard;  // POSIX counts westwards
  if (text.empty()) return zone;
  name = take_zone_name(text);
  if (!name) return std::nullopt;
  zone.daylight_name = *std::move(name);
  zone.daylight = zone.standard + 3600;
  if (!text.empty() && text.front() != ',') {
    const auto daylight = take_clock(text);
    if (!daylight) return std::nullopt;
    zone.daylight = -*daylight;
  }
  const auto begin = take_change(text);
  const auto end = begin ? take_change(text) : std::nullopt;
  if (!end || !text.empty()) return std::nullopt;
  zone.begin = *begin;
  zone.end = *end;
  return zone;
}

Result<ZonePointer> read_zone_file(std::string_view name, std::string_view bytes) {
  const auto broken = [&] { return fail(Errc::corrupt, fmt::format("The time zone file {} is broken.", name)); };
  auto header = read_header(bytes);
  if (!header) return broken();
  std::size_t width = 4;
  if (bytes[4] >= '2') {
    const std::size_t skipped = kHeaderSize + header->body(4);
    if (bytes.size() < skipped) return broken();
    bytes.remove_prefix(skipped);
    header = read_header(bytes);
    if (!header) return broken();
    width = 8;
  }
  bytes.remove_prefix(kHeaderSize);
  if (bytes.size() < header->body(width)) return broken();
  const std::string_view indices = bytes.substr(header->times * width);
  const std::string_view types = indices.substr(header->times);
  const std::string_view names = types.substr(header->types * std::size_t{6}, header->chars);
  const auto name_at = [&](std::size_t type) {
    const auto begin = static_cast<unsigned char>(types[type * 6 + 5]);
    if (begin >= names.size()) return std::string();
    return std::string(names.substr(begin, std::min<std::size_t>(names.find('\0', begin) - begin, 30)));
  };
  const auto offset_of = [&](std::size_t type) { return static_cast<std::int32_t>(read_be32(types.substr(type * 6))); };
  std::vector<Zone::Change> changes;
  for (std::size_t i = 0; i < header->times; ++i) {
    const auto type = static_cast<unsigned char>(indices[i]);
    if (type >= header->types) return broken();
    const std::int64_t at = width == 8 ? static_cast<std::int64_t>(read_be64(bytes.substr(i * 8)))
                                       : static_cast<std::int32_t>(read_be32(bytes.substr(i * 4)));
    changes.push_back({.at = at,
                       .offset = offset_of(type),
                       .is_daylight = types[type * std::size_t{6} + 4] != 0,
                       .name = name_at(type)});
  }
  if (!std::ranges::is_sorted(changes, {}, &Zone::Change::at)) return broken();
  std::optional<PosixZone> tail;
  if (width == 8) {
    std::string_view footer = bytes.substr(header->body(width));
    if (skip_char(footer, '\n')) tail = parse_posix_zone(footer.substr(0, footer.find('\n')));
  }
  return std::make_shared<const Zone>(std::string(name), offset_of(0), std::move(changes), tail);
}

}  // namespace kontor::icalendar
