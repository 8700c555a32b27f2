// SPDX-License-Identifier: AGPL-3.0-or-later
// A message of a Kopano store as what its folder holds here: mail, an event, a task, a note, a card.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/mapi/calendar_item.h"
#include "formats/mapi/distribution_list.h"
#include "migrate/kopano/attachment_store.h"
#include "migrate/kopano/objects.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

// What a conversion found out beside the content: SourceSession::kept() and losses().
struct Facts {
  std::map<std::string, std::string> kept;
  std::vector<std::string> losses;
};

struct ConvertContext {
  mapi::CalendarContext calendar;  // without `read`
  mapi::AddressOf address_of;      // of members of lists
  mapi::ListOf list_of;            // lists within lists
  bool takes_incomplete = false;   // what has lost contents comes without them, instead of not at all
};

// Hands the item over as a folder of `kind` ("" = mail) holds it.
//
// Mail: the stored original byte for byte, where it is there and still current; else made of the properties. Anything
// that is not mail, but lies among mail, comes as mail with all its properties, and with its text of iCalendar or
// vCard.
//
// What is attached to anything else goes to `file`, and the item refers to it; without `file` a few MiB of it go into
// the item.
//
// Errors: invalid (a content is lost or cannot be read, and the item with it; or it cannot be what its folder holds),
// unavailable, those of `take` and `file`.
Result<Facts> convert(Tree& tree, std::string_view kind, std::string_view key, AttachmentStore& store,
                      const ConvertContext& context, const TakePiece& take, const TakeFile& file);

}  // namespace kontor::migrate::kopano
