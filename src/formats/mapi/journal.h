// SPDX-License-Identifier: AGPL-3.0-or-later
// Journal items ([MS-OXOJRNL]): calls, meetings, documents that somebody has noted, as VJOURNAL.
#pragma once

#include <string_view>

#include "base/result.h"
#include "formats/mapi/calendar_item.h"

namespace kontor::mapi {

// When it began is DTSTART. A VJOURNAL has no end (RFC 5545 section 3.6.3): X-KONTOR-END and X-KONTOR-DURATION say it,
// X-KONTOR-JOURNAL-TYPE what it was ("Phone call"). Errors: those of `context.read` but for what is lost there.
Result<CalendarObject> journal_of(const Message& message, std::string_view fallback_uid,
                                  const CalendarContext& context);

}  // namespace kontor::mapi
