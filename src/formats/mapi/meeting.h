// SPDX-License-Identifier: AGPL-3.0-or-later
// Mail about meetings: requests, updates, cancellations, answers and counter proposals ([MS-OXOCAL] section 2.2.5 on),
// as the text/calendar part that such mail has (iTIP: RFC 5546, iMIP: RFC 6047).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/mapi/calendar_item.h"

namespace kontor::mapi {

struct MeetingPart {
  std::string text;    // a VCALENDAR with METHOD
  std::string method;  // "REQUEST", "CANCEL", "REPLY" or "COUNTER": for the part's Content-Type
  std::string uid;     // that of the event it is about
  std::vector<std::string> losses;
};

// IPM.Schedule.Meeting.Request, .Canceled and .Resp.*, and their older names; also with more behind them.
bool is_meeting_mail(std::string_view message_class);

// Of mail received and of mail sent alike: who organizes is who sent a request or cancellation, and to whom an answer
// goes. Attachments are the mail's, not the part's. `fallback_uid` stands for a meeting without an id (and so without a
// link to its event).
// Errors: invalid (the class is none of those above, or there is neither a beginning nor an id).
Result<MeetingPart> meeting_part(const Message& message, std::string_view fallback_uid, const CalendarContext& context);

}  // namespace kontor::mapi
