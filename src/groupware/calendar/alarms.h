// SPDX-License-Identifier: AGPL-3.0-or-later
// When the alarms by e-mail of an item are due (RFC 5545 section 3.6.6, RFC 9074). Other alarms are the clients' own.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "formats/icalendar/rule_iterator.h"
#include "formats/icalendar/zones.h"
#include "formats/lines/component.h"

namespace kontor::groupware {

bool is_email_alarm(const lines::Component& component);

struct AlarmTime {
  Instant at;
  Instant start, end;                           // of the instance that it is about
  const lines::Component* component = nullptr;  // its event or task
  const lines::Component* alarm = nullptr;      // the VALARM
};

// All alarms of the first moment after `after` at which there is any; none if there are no more. To know those that
// are due at a moment, ask for what is after the second before it. Not of what is cancelled, completed or acknowledged.
// A budget that is spent ends the search with what was found. Floating times are of the zone `home`. Errors: invalid.
Result<std::vector<AlarmTime>> next_alarms(const lines::Component& calendar, std::string_view uid, Instant after,
                                           const icalendar::ZoneDatabase& zones, const icalendar::ZonePointer& home,
                                           icalendar::Budget& budget);

}  // namespace kontor::groupware
