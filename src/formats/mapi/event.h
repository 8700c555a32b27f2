// SPDX-License-Identifier: AGPL-3.0-or-later
// Appointments and meetings in a calendar ([MS-OXOCAL], as [MS-OXCICAL] says them) as iCalendar.
#pragma once

#include <string_view>

#include "base/result.h"
#include "formats/mapi/calendar_item.h"

namespace kontor::mapi {

// One VEVENT, and one for each changed instance of a series, with the zones they name. A series takes place where its
// recurrence pattern and its zone say, changed instances where they say themselves (in the pattern, and in the hidden
// attachment that holds them). A series whose pattern cannot be read becomes its first instance, with a loss; the
// pattern is kept. `fallback_uid` is taken where the item has no UID of its own. What does not tell when it begins
// becomes a VJOURNAL without a date, with a loss.
//
// Errors: those of `context.read` but for what is lost there (not_found, corrupt: a loss).
Result<CalendarObject> event_of(const Message& message, std::string_view fallback_uid, const CalendarContext& context);

}  // namespace kontor::mapi
