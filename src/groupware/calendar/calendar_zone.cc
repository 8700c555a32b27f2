// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/calendar_zone.h"

#include "formats/icalendar/calendar.h"

namespace kontor::groupware {

icalendar::ZonePointer own_zone(const Folder& folder, const icalendar::ZoneDatabase& zones) {
  if (const auto id = folder.properties.find(kCalendarZoneId); id != folder.properties.end())
    if (auto zone = zones.match(id->second)) return zone;
  if (const auto text = folder.properties.find(kCalendarZone); text != folder.properties.end())
    if (auto zone = read_calendar_zone(text->second, zones)) return *zone;
  return nullptr;
}

Result<icalendar::ZonePointer> read_calendar_zone(std::string_view bytes, const icalendar::ZoneDatabase& database) {
  TRY(const icalendar::Calendars found, icalendar::read(bytes, "utf-8", {.bytes = 256 << 10, .components = 500}));
  const lines::Component* zone = nullptr;
  for (const lines::Component& component : found.calendars.front().components) {
    if (!component.is("VTIMEZONE")) continue;
    if (zone != nullptr) return fail(Errc::invalid, "There is more than one VTIMEZONE.");
    zone = &component;
  }
  if (zone == nullptr || found.calendars.size() != 1) return fail(Errc::invalid, "There is no VTIMEZONE.");
  icalendar::CalendarZones zones(found.calendars.front(), database);
  return zones.find(zone->value("TZID"));
}

}  // namespace kontor::groupware
