// SPDX-License-Identifier: AGPL-3.0-or-later
// What the converters of calendar items (event.h, meeting.h and their like) are given beside an item, and
// what they make of it: one iCalendar object (RFC 5545).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/icalendar/zones.h"
#include "formats/mapi/attachment_data.h"
#include "formats/mapi/mailbox.h"
#include "formats/mapi/property.h"

namespace kontor::mapi {

// The same for all items of one store. Plain value; thread-safe where its functions are.
struct CalendarContext {
  const icalendar::ZoneDatabase* zones = nullptr;  // never null; outlives the calls
  // Of whose store it is: the zone (an IANA name) counts for items that tell none, "" is UTC; the owner's answers to
  // meetings are his who has this address.
  std::string owner_zone;
  Mailbox owner;
  ResolveEntry resolve;
  ReadAttachment read;
  // Where contents of attachments go. Empty: they go into the item (ATTACH with its data) as long as they have no more
  // bytes than `most_attached` in all.
  KeepContent keep = {};
  std::size_t most_attached = std::size_t{4} << 20;
};

struct CalendarObject {
  std::string text;  // reads back by icalendar::read_calendar_object
  std::string uid;
  Properties kept;                  // what of the item's own properties the text does not say
  std::vector<std::string> losses;  // sentences for a report: what is neither in the text nor among `kept`
  // Names of attachments that are too large to stand in the text; only without CalendarContext::keep.
  std::vector<std::string> left_out = {};
};

// The UID of an event, a task or a contact that once was iCalendar or vCard, or of a meeting, by its global object id;
// else Kopano's name of it in CalDAV; else `fallback`. The same for a series, its instances, and all mail about it.
std::string item_uid(const Properties& item, std::string_view fallback);

}  // namespace kontor::mapi
