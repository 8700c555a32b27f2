// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: what is said of an appointment, be it alone, a series, a changed instance, or in mail.
#pragma once

#include "base/result.h"
#include "formats/lines/component.h"
#include "formats/mapi/item_parts.h"
#include "formats/mapi/item_times.h"

namespace kontor::mapi {

// When an appointment says that it begins and ends, and where that is.
struct EventTimes {
  Instant start, end;
  bool is_all_day = false;
  FoundZone zone;         // its own, else the owner's
  bool has_zone = false;  // its own
};
// Errors: invalid (it does not say when it begins).
Result<EventTimes> times_of_event(const Properties& event, const CalendarContext& context);
// DTSTART and DTEND of an appointment that takes place once.
void set_event_span(const EventTimes& times, lines::Component& event);
// Takes the properties that say when it takes place from those kept.
void forget_event_times(Properties& kept);

// Texts, state, categories, colour, class, sequence: all but times, reminder, people and attachments.
void add_event_parts(const ItemParts& parts, lines::Component& event);
void add_event_state(const ItemParts& parts, lines::Component& event);
void add_event_reminder(const ItemParts& parts, lines::Component& event);

}  // namespace kontor::mapi
