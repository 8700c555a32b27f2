// SPDX-License-Identifier: AGPL-3.0-or-later
// In which zone a calendar's floating times and whole days take place.
#pragma once

#include <string_view>

#include "base/result.h"
#include "formats/icalendar/zones.h"
#include "groupware/folder.h"

namespace kontor::groupware {

// Properties of a folder.
constexpr const char* kCalendarZone = "calendar.timezone";       // a VCALENDAR with one VTIMEZONE, as it was sent
constexpr const char* kCalendarZoneId = "calendar.timezone-id";  // its name in the system's zoneinfo

// Null if nobody said one that is known.
icalendar::ZonePointer own_zone(const Folder& folder, const icalendar::ZoneDatabase& zones);
// The zone of a VCALENDAR with one VTIMEZONE. Errors: invalid.
Result<icalendar::ZonePointer> read_calendar_zone(std::string_view bytes, const icalendar::ZoneDatabase& zones);

}  // namespace kontor::groupware
