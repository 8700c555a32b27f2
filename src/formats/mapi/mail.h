// SPDX-License-Identifier: AGPL-3.0-or-later
// Messages as mail: RFC 5322 and MIME, made of properties, recipients and attachments, for sources that have not kept
// the message as it came.
//
// 1. The same tree gives the same octets, also the boundaries.
// 2. Attachments are handed on in pieces as they are read; bodies, which are properties, are in memory.
// 3. What mail can hold goes into it; what it cannot is a sentence in `losses`, or an item property (item_state.h).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/mapi/attachment_data.h"
#include "formats/mapi/mailbox.h"
#include "formats/mapi/property.h"

namespace kontor::mapi {

struct CalendarText {
  std::string text;    // of iCalendar
  std::string method;  // of iTIP, "" for what is no mail about a meeting
  std::vector<std::string> losses;
  bool lacks_attachments = false;  // some are too large to stand in it
};
// A meeting's mail, or an event, task or journal entry (attached, or lying among mail), as iCalendar; nothing for what
// is neither.
using CalendarOf = std::function<std::optional<Result<CalendarText>>(const Message&)>;

// What a message says no more of than a name. Each may be empty.
struct MailSource {
  ResolveEntry resolve;
  ReadAttachment read;
  CalendarOf calendar;
};

struct WrittenMail {
  std::vector<std::string> losses;  // sentences for a report
};

// - The header: as it was kept, where it was, reconciled with what the properties say; else made of them.
// - Bodies: text, HTML (also out of RTF), RTF where it is neither, each once, as multipart/alternative; what the HTML
//   shows is with it in a multipart/related; a meeting's text/calendar is the last alternative.
// - S/MIME is what it was, byte for byte. Of PGP/MIME what is encrypted is; what is signed cannot be verified any more,
//   where the source has not kept the part that was signed: a loss.
// - Reports (RFC 3462) are multipart/report: as they came, else made of what a REPORT.* message says of its recipients.
// - Messages in messages are message/rfc822, contacts and lists text/vcard. What is in a winmail.dat takes its place.
//   What lies deeper than 20 is left out, a loss.
// Lines end with CRLF; texts have none above 998 bytes. Errors: those of `take`, and of reading attachments but for
// not_found (a loss).
Result<WrittenMail> write_mail(const Message& message, const MailSource& source, const TakePiece& take);

}  // namespace kontor::mapi
