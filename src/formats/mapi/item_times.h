// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: when items take place: their zones, and their days.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/icalendar/value.h"
#include "formats/lines/component.h"
#include "formats/mapi/calendar_item.h"
#include "formats/mapi/zone_rule.h"

namespace kontor::mapi {

// The zone that an item names, as its clocks went in the year of `at`. Nothing if it names none.
std::optional<FoundZone> zone_of_item(const Properties& item, Instant at, const icalendar::ZoneDatabase& zones);
// That of the store's owner; UTC if it is not known.
FoundZone zone_of_owner(const CalendarContext& context);
// "UTC" needs none; of zones of the world by the rule that is in force now.
std::optional<lines::Component> vtimezone_of(const FoundZone& zone);

bool is_utc(const FoundZone& zone);
icalendar::When when_in(const FoundZone& zone, Instant at);
// A midnight of the item's zone, or (as kopano-ical writes single days) of UTC.
icalendar::When day_in(const FoundZone& zone, Instant at);
// Of properties that hold what the wall showed as if it was UTC.
icalendar::Wall wall_of_ticks(Instant at);

// Sets DTSTART and DTEND; DTEND only where it is later.
void set_span(const icalendar::When& start, const icalendar::When& end, lines::Component& component);

}  // namespace kontor::mapi
