// SPDX-License-Identifier: AGPL-3.0-or-later
// When the alarms of an item are due (RFC 5545 section 3.6.6, RFC 9074). A snoozed alarm is one more alarm, at a
// moment, and the one that it is about is acknowledged: nothing else need be known of it.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "formats/icalendar/rule_iterator.h"
#include "formats/icalendar/zones.h"
#include "formats/lines/component.h"
#include "groupware/calendar/alarm_way.h"

namespace kontor::groupware {

// Whether it is an alarm of that way. Alarms about places (PROXIMITY) are the devices' own, as are other ACTIONs.
bool goes(const lines::Component& component, AlarmWay way);

struct AlarmTime {
  Instant at;
  Instant start, end;                           // of the instance that it is about
  const lines::Component* component = nullptr;  // its event or task
  const lines::Component* alarm = nullptr;      // the VALARM
};

// All alarms of that way of the first moment after `after` at which there is any; none if there are no more. To know
// those that are due at a moment, ask for what is after the second before it. Not of what is cancelled, completed or
// acknowledged. A budget that is spent ends the search with what was found. Floating times are of the zone `home`.
// Errors: invalid.
Result<std::vector<AlarmTime>> next_alarms(const lines::Component& calendar, std::string_view uid, AlarmWay way,
                                           Instant after, const icalendar::ZoneDatabase& zones,
                                           const icalendar::ZonePointer& home, icalendar::Budget& budget);

}  // namespace kontor::groupware
