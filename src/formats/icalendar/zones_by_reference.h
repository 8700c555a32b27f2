// SPDX-License-Identifier: AGPL-3.0-or-later
// Calendars that name zones which everybody knows, with or without what those mean (RFC 7809 section 3.1.3).
#pragma once

#include "formats/icalendar/zones.h"
#include "formats/lines/component.h"

namespace kontor::icalendar {

// Takes out the VTIMEZONEs of zones that are in the system's catalogue, by that very name. Whether there were any.
bool leave_zones_out(lines::Component& calendar, const ZoneDatabase& database);
// Adds one for each TZID that is named and has none, as far as it is known what it means: with what it has meant since
// before the first time in the calendar. Whether any was missing.
bool put_zones_in(lines::Component& calendar, const ZoneDatabase& database);

}  // namespace kontor::icalendar
