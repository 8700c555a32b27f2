// SPDX-License-Identifier: AGPL-3.0-or-later
// Sticky notes ([MS-OXONOTE]) as VJOURNAL without a date.
#pragma once

#include <string_view>

#include "base/result.h"
#include "formats/mapi/calendar_item.h"

namespace kontor::mapi {

// The colour is COLOR (RFC 7986); the first line is the summary. Errors: those of `context.read` but for what is lost
// there.
Result<CalendarObject> note_of(const Message& message, std::string_view fallback_uid, const CalendarContext& context);

}  // namespace kontor::mapi
