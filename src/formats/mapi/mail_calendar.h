// SPDX-License-Identifier: AGPL-3.0-or-later
// What mail.h asks about calendars, answered by the converters of calendar items.
#pragma once

#include "formats/mapi/calendar_item.h"
#include "formats/mapi/mail.h"

namespace kontor::mapi {

// Meetings' mail by meeting.h, attached events, tasks, notes and journal entries by theirs. `context` outlives it.
CalendarOf calendar_of(const CalendarContext& context);

}  // namespace kontor::mapi
