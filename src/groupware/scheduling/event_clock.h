// SPDX-License-Identifier: AGPL-3.0-or-later
// Instants, as an event writes its times.
#pragma once

#include "formats/icalendar/value.h"
#include "formats/icalendar/zones.h"
#include "formats/lines/component.h"

namespace kontor::groupware {

// Refers to `home` where the event's times are floating or whole days.
struct EventClock {
  icalendar::When at(Instant instant) const;

  icalendar::When::Kind kind;
  const icalendar::Zone* zone;
  icalendar::ZonePointer own;
};

// `calendar` is the one that the component is of: it may bring zones of its own.
EventClock clock_of(const lines::Component& component, const lines::Component& calendar,
                    const icalendar::ZoneDatabase& database, const icalendar::Zone& home);

}  // namespace kontor::groupware
