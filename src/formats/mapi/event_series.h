// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: an appointment as the events that it is: itself, and the changed instances of a series.
#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "formats/lines/component.h"
#include "formats/mapi/calendar_item.h"
#include "formats/mapi/event_parts.h"

namespace kontor::mapi {

struct EventSeries {
  std::vector<lines::Component> events;  // the first is the series, or all there is
  std::vector<lines::Component> zones;   // VTIMEZONEs that they name
  std::size_t attached = 0;              // bytes of data in changed instances
};

// `event` has all but its times. What a pattern and the hidden attachments say of instances goes into `events`; what
// cannot be read is a loss.
Result<EventSeries> series_of(const Message& message, const EventTimes& times, const CalendarContext& context,
                              const lines::Component& event, CalendarObject& made);

// The ATTACHs of the series into its changed instances that have none, if they have no more than `most` bytes then;
// else that is a loss.
void copy_attachments(std::size_t bytes, std::size_t most, EventSeries& series, CalendarObject& made);

}  // namespace kontor::mapi
