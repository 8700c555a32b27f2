// SPDX-License-Identifier: AGPL-3.0-or-later
// Contacts ([MS-OXOCNTC]) as vCards 4.0.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/lines/component.h"
#include "formats/mapi/mailbox.h"
#include "formats/mapi/property.h"

namespace kontor::mapi {

struct MadeCard {
  lines::Component card;
  Properties kept;                  // all that the card does not say
  std::vector<std::string> losses;  // sentences for a report: what is neither in the card nor among `kept`
};

// Names, up to three e-mail addresses, telephones, three postal addresses, pages, days, people related, photo, note,
// categories, fields of one's own. Of an address that is none of SMTP (Exchange's, Kopano's) the one counts that
// `resolve` knows its entry by, else the SMTP form where it stands beside it. Data of photos and other files is in the
// attachments. Days are those that their writer saw, whichever way the zone was written into them.
MadeCard card_of(const Message& contact, std::string_view uid, const ResolveEntry& resolve = {});

}  // namespace kontor::mapi
