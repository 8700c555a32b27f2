// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/calendar_limits.h"

#include <algorithm>
#include <array>

#include "formats/icalendar/calendar.h"
#include "formats/icalendar/series.h"
#include "groupware/scheduling/scheduler.h"
#include "protocols/dav/calendar.h"

namespace kontor::dav {
namespace {

using wire::dav::caldav;

constexpr std::uint64_t kStepsOfLimits = 100'000;
constexpr std::int64_t kMostCounted = 10'000;

Shown print_largest(Context& context, const Resource&, xml::Printer& out) {
  out.leaf(caldav("max-resource-size"), std::to_string(context.options.largest_object));
  return Shown::yes;
}
Shown print_most_attendees(Context&, const Resource&, xml::Printer& out) {
  out.leaf(caldav("max-attendees-per-instance"), std::to_string(groupware::kMostTold));
  return Shown::yes;
}
Shown print_most_instances(Context&, const Resource&, xml::Printer& out) {
  out.leaf(caldav("max-instances"), std::to_string(kMostInstancesStored));
  return Shown::yes;
}
Shown print_earliest(Context&, const Resource&, xml::Printer& out) {
  out.leaf(caldav("min-date-time"), wire::dav::print_utc_time(wire::dav::kEarliestTime));
  return Shown::yes;
}
Shown print_latest(Context&, const Resource&, xml::Printer& out) {
  out.leaf(caldav("max-date-time"), wire::dav::print_utc_time(wire::dav::kLatestTime));
  return Shown::yes;
}

const Property kLimitProperties[] = {
    {caldav("max-resource-size"), kCalendarScope, false, print_largest},
    {caldav("max-attendees-per-instance"), kCalendarScope, false, print_most_attendees},
    {caldav("max-instances"), kCalendarScope, false, print_most_instances},
    {caldav("min-date-time"), kCalendarScope, false, print_earliest},
    {caldav("max-date-time"), kCalendarScope, false, print_latest},
};

constexpr std::array<std::string_view, 10> kDated = {
    "DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "RDATE", "EXDATE", "CREATED", "COMPLETED", "DTSTAMP", "LAST-MODIFIED"};

// Times are written with four digits of the year: only the year 0 is too early, and no time to those who read it.
bool is_too_early(const lines::Component& component) {
  return std::ranges::any_of(component.properties, [](const lines::Property& property) {
    if (property.is("RRULE") || property.is("EXRULE")) return property.value.contains("UNTIL=0000");
    if (std::ranges::none_of(kDated, [&](std::string_view name) { return property.is(name); })) return false;
    return std::ranges::any_of(lines::split(property.value, ','),
                               [](std::string_view one) { return one.starts_with("0000"); });
  });
}

// What the rules say of the end of a series.
struct SeriesEnd {
  bool is_endless = false;
  std::int64_t count = 0;        // the largest COUNT
  std::optional<Instant> until;  // the last UNTIL, about
};
SeriesEnd end_of(const icalendar::CalendarObject& object) {
  SeriesEnd out;
  for (const lines::Component& component : object.calendar.components)
    for (const lines::Property* property : component.all("RRULE")) {
      const auto rule = icalendar::parse_rule(property->value);
      if (!rule) continue;
      out.is_endless |= !rule->count && !rule->until;
      out.count = std::max(out.count, rule->count.value_or(0));
      if (rule->until)
        out.until = std::max(out.until.value_or(Instant::min()), Instant(rule->until->wall.time_since_epoch()));
    }
  return out;
}

std::unexpected<Problem> too_often() {
  return deny(caldav("max-instances"), "it takes place too often: fewer times, or without an end");
}

// As many as can be looked at are counted; those that follow are as dense.
Outcome<> check_instances(const icalendar::CalendarObject& object, const icalendar::ZoneDatabase& zones) {
  const SeriesEnd end = end_of(object);
  if (end.is_endless) return {};
  if (end.count > kMostInstancesStored) return too_often();
  const auto series = icalendar::Series::open(object.calendar, object.uid, zones, icalendar::utc_zone());
  if (!series) return {};
  icalendar::Budget budget(kStepsOfLimits);
  auto all = series->expand(Instant::min(), Instant::max());
  std::optional<Instant> first;
  Instant last;
  for (std::int64_t count = 0; count < kMostCounted; ++count) {
    const auto next = all.next(budget);
    // What takes too long to count is too seldom to be many.
    if (!next || !*next) return {};
    if ((*next)->end > wire::dav::kLatestTime + std::chrono::seconds(1))
      return deny(caldav("max-date-time"), "it takes place after the last time that is reckoned with");
    if (!first) first = (*next)->start;
    last = (*next)->start;
  }
  if (!end.until || *end.until <= last) return {};
  const double known = std::max(1.0, static_cast<double>((last - *first).count()));
  const double whole = static_cast<double>((*end.until - *first).count());
  return kMostCounted * (whole / known) > kMostInstancesStored ? Outcome<>(too_often()) : Outcome<>();
}

}  // namespace

Outcome<> check_calendar_limits(const icalendar::CalendarObject& object, const icalendar::ZoneDatabase& zones,
                                const std::vector<std::string>& own) {
  for (const lines::Component& component : object.calendar.components) {
    if (component.is("VTIMEZONE") || component.all("ATTENDEE").size() <= groupware::kMostTold) continue;
    const auto organizer = icalendar::organizer(component);
    if (!organizer || std::ranges::find(own, organizer->address) != own.end())
      return deny(caldav("max-attendees-per-instance"), "too many people are in it: invite them by groups");
  }
  return check_instances(object, zones);
}

bool has_too_early_times(std::string_view bytes) {
  const auto read = icalendar::read(bytes, "utf-8", {.components = icalendar::kMostComponents});
  if (!read) return false;
  return std::ranges::any_of(read->calendars.front().components, [](const lines::Component& component) {
    return !component.is("VTIMEZONE") && is_too_early(component);
  });
}

const Family& calendar_limits_family() {
  static const Family kFamily{.name = "calendar limits", .properties = kLimitProperties};
  return kFamily;
}

}  // namespace kontor::dav
