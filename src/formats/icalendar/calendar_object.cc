// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/calendar_object.h"

#include "base/bytes.h"
#include "formats/icalendar/availability.h"
#include "formats/icalendar/calendar.h"
#include "formats/icalendar/series.h"

namespace kontor::icalendar {
namespace {

std::unexpected<ObjectFault> no_data(std::string why) {
  return std::unexpected(ObjectFault{.what = ObjectFault::What::data, .why = std::move(why)});
}
std::unexpected<ObjectFault> no_object(std::string why) {
  return std::unexpected(ObjectFault{.what = ObjectFault::What::object, .why = std::move(why)});
}

std::expected<Component, ObjectFault> read_one(std::string_view bytes) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  std::string_view start = bytes.starts_with(kMark) ? bytes.substr(kMark.size()) : bytes;
  while (!start.empty() && std::string_view(" \t\r\n").contains(start.front())) start.remove_prefix(1);
  if (!iequals(start.substr(0, 15), "BEGIN:VCALENDAR")) return no_data("An iCalendar begins with BEGIN:VCALENDAR.");
  auto found = read(bytes, "utf-8", {.components = kMostComponents});
  if (!found && found.error().code == Errc::too_large)
    return std::unexpected(ObjectFault{.what = ObjectFault::What::too_large, .why = found.error().text});
  if (!found) return no_data(found.error().text);
  if (found->is_truncated) return no_data("The calendar breaks off.");
  if (found->calendars.size() != 1) return no_object("An item is one VCALENDAR.");
  return std::move(found->calendars.front());
}

bool may_be_item(ComponentKind kind) {
  return kind != ComponentKind::time_zone && kind != ComponentKind::alarm && kind != ComponentKind::other;
}

std::expected<void, ObjectFault> check_times(const CalendarObject& object, const ZoneDatabase& database) {
  const auto series = Series::open(object.calendar, object.uid, database, utc_zone());
  if (!series) return no_data(series.error().text);
  if (object.kind == ComponentKind::availability) {
    // What AVAILABLE says is read whatever the window is.
    Budget budget(10'000);
    const Window day{.from = Instant(), .to = Instant(std::chrono::days(1))};
    const auto times = unavailable_times(object.calendar, day, database, utc_zone(), budget);
    if (!times && times.error().code == Errc::invalid) return no_data(times.error().text);
  }
  if (object.kind != ComponentKind::event) return {};
  for (const Component& component : object.calendar.components)
    if (component.is("VEVENT") && component.find("DTSTART") == nullptr) return no_data("A VEVENT has no DTSTART.");
  return {};
}

}  // namespace

std::string_view component_name(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::event:
      return "VEVENT";
    case ComponentKind::todo:
      return "VTODO";
    case ComponentKind::journal:
      return "VJOURNAL";
    case ComponentKind::free_busy:
      return "VFREEBUSY";
    case ComponentKind::time_zone:
      return "VTIMEZONE";
    case ComponentKind::alarm:
      return "VALARM";
    case ComponentKind::availability:
      return "VAVAILABILITY";
    case ComponentKind::other:
      break;
  }
  return {};
}

std::expected<CalendarObject, ObjectFault> read_calendar_object(std::string_view bytes, const ZoneDatabase& database) {
  TRY(Component calendar, read_one(bytes));
  if (calendar.find("METHOD") != nullptr) return no_object("An item of a calendar has no METHOD.");
  CalendarObject out{.calendar = std::move(calendar), .kind = ComponentKind::other, .uid = {}};
  for (const Component& component : out.calendar.components) {
    const ComponentKind kind = kind_of(component);
    if (kind == ComponentKind::time_zone) continue;
    if (!may_be_item(kind)) {
      // Components of others may stand beside ours (RFC 5545 section 3.6).
      if (kind == ComponentKind::other) continue;
      return no_object("A VALARM stands by itself.");
    }
    const std::string own = uid(component);
    if (own.empty()) return no_object("A component has no UID.");
    if (out.kind != ComponentKind::other && kind != out.kind) return no_object("An item has one kind of component.");
    if (!out.uid.empty() && own != out.uid) return no_object("All components of an item have one UID.");
    out.kind = kind;
    out.uid = own;
  }
  if (out.kind == ComponentKind::other) return no_object("There is nothing but time zones in it.");
  if (auto times = check_times(out, database); !times) return std::unexpected(std::move(times).error());
  return out;
}

}  // namespace kontor::icalendar
