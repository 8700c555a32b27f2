// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/vtimezone.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdlib>

namespace kontor::icalendar {
namespace {

constexpr int kSecondsOfADay = 86'400;
constexpr int kFirstYear = 1970;

std::string offset_text(std::int32_t offset) {
  const int minutes = std::abs(offset) / 60, seconds = std::abs(offset) % 60;
  return fmt::format("{}{:02}{:02}{}", offset < 0 ? "-" : "+", minutes / 60, minutes % 60,
                     seconds != 0 ? fmt::format("{:02}", seconds) : "");
}

lines::Component observance(const char* name, Wall begin, std::int32_t from, std::int32_t to) {
  lines::Component out{.name = name};
  out.set("DTSTART", fmt::format("{:%Y%m%dT%H%M%S}", fmt::gmtime(begin.time_since_epoch().count())));
  out.set("TZOFFSETFROM", offset_text(from));
  out.set("TZOFFSETTO", offset_text(to));
  return out;
}

bool can_be_said(const PosixZone::Change& change) {
  return change.form == PosixZone::Change::Form::week && change.second >= 0 && change.second < kSecondsOfADay;
}

// The fifth weekday of a month is its last.
Wall first_of(const PosixZone::Change& change) {
  using std::chrono::weekday;
  const auto month = std::chrono::year(kFirstYear) / std::chrono::month(static_cast<unsigned>(change.month));
  const weekday day(static_cast<unsigned>(change.day));
  const std::chrono::local_days at = change.week == 5
                                         ? std::chrono::local_days(month / day[std::chrono::last])
                                         : std::chrono::local_days(month / day[static_cast<unsigned>(change.week)]);
  return Wall(at.time_since_epoch() + std::chrono::seconds(change.second));
}

lines::Component yearly(const char* name, const PosixZone::Change& change, std::int32_t from, std::int32_t to) {
  static constexpr const char* kDays[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
  lines::Component out = observance(name, first_of(change), from, to);
  out.set("RRULE", fmt::format("FREQ=YEARLY;BYMONTH={};BYDAY={}{}", change.month, change.week == 5 ? -1 : change.week,
                               kDays[static_cast<std::size_t>(change.day)]));
  return out;
}

}  // namespace

std::optional<lines::Component> vtimezone_of(const Zone& zone, Instant now) {
  lines::Component out{.name = "VTIMEZONE"};
  out.set("TZID", zone.name());
  const auto& tail = zone.tail();
  if (!tail || !tail->daylight) {
    const auto offset = static_cast<std::int32_t>(zone.offset_at(now).count());
    if (tail && tail->standard != offset) return std::nullopt;
    const Wall begin{std::chrono::sys_days(std::chrono::year(kFirstYear) / 1 / 1).time_since_epoch()};
    out.components.push_back(observance("STANDARD", begin, offset, offset));
    return out;
  }
  if (!can_be_said(tail->begin) || !can_be_said(tail->end)) return std::nullopt;
  out.components.push_back(yearly("DAYLIGHT", tail->begin, tail->standard, *tail->daylight));
  out.components.push_back(yearly("STANDARD", tail->end, *tail->daylight, tail->standard));
  return out;
}

}  // namespace kontor::icalendar
