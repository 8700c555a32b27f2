// SPDX-License-Identifier: AGPL-3.0-or-later
// Tasks ([MS-OXOTASK]) as VTODO.
#pragma once

#include <string_view>

#include "base/result.h"
#include "formats/mapi/calendar_item.h"

namespace kontor::mapi {

// Start and end are days, unless a time of day was given: then they are on the wall of the task's zone. A recurring
// task recurs from where it is now: what was done before are tasks of their own. One that begins anew whenever it was
// completed cannot be said: that is a loss, and kept. Who it was assigned to, or by, becomes ATTENDEE and ORGANIZER.
// Errors: those of `context.read` but for what is lost there.
Result<CalendarObject> task_of(const Message& message, std::string_view fallback_uid, const CalendarContext& context);

}  // namespace kontor::mapi
