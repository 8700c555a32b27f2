// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: what of an object goes into messages.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "formats/itip/difference.h"
#include "formats/itip/instances.h"

namespace kontor::itip {

// What of an object an attendee is concerned with: the parts where he is invited, the others as EXDATE; as it is sent.
// Nothing: he is in no part.
std::optional<Component> view_for(const Component& object, const std::string& address, const Setting& setting);
// The same of only these parts. Empty ones give a calendar without components.
Component clean(const Component& like, std::vector<Component> parts, const Setting& setting);

// What a CANCEL says of a part to these attendees.
Component cancelled(const Component& part, const std::set<std::string>& addresses, int sequence);

// A message made of `calendar`, with METHOD and with the time zones that `zones_of` has.
Message make_message(Method method, std::string from, std::vector<std::string> to, Component calendar,
                     const Component& zones_of);
// The same of parts that are to be cleaned, added to `out`; without parts there is none.
void add_message(Method method, const std::string& from, std::vector<std::string> to, const Component& like,
                 std::vector<Component> parts, const Component& zones_of, const Setting& setting,
                 std::vector<Message>& out);
// A REPLY's part: what names it, and the one who answers.
Component reply_part(const Component& part, Property person, const Setting& setting);
void stamp(Component& part, const Setting& setting);
// Takes out what is only between a client and its server, and what we note.
void clean_person(Property& person);

}  // namespace kontor::itip
