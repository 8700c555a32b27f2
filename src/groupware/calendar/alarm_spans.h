// SPDX-License-Identifier: AGPL-3.0-or-later
// In which spans of time the alarms of an item ring at all, for an index.
#pragma once

#include <vector>

#include "formats/icalendar/zones.h"
#include "formats/lines/component.h"
#include "groupware/calendar/facts.h"

namespace kontor::groupware {

// None of the alarms that are in the components of `calendar` rings elsewhere, in whatever zone a viewer is: alarms
// about instances by the earliest begin and the latest end of all of these, alarms at a moment around that. Ascending,
// none overlaps the next; few. `facts` are those of the item, whose times are known.
std::vector<AlarmSpan> alarm_spans(const lines::Component& calendar, const Facts& facts,
                                   const icalendar::ZoneDatabase& zones);

}  // namespace kontor::groupware
