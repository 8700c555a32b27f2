// SPDX-License-Identifier: AGPL-3.0-or-later
// Groups that are invited: their members are, one by one, each with an answer of his own (RFC 5545 sections 3.2.3 and
// 3.2.11).
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "formats/itip/message.h"

namespace kontor::itip {

struct Member {
  std::string name, address;
  std::string type = "INDIVIDUAL";  // CUTYPE
};
// Of a group that is to be taken apart; nothing: the address is no such group.
using MembersOf = std::function<std::optional<std::vector<Member>>(const std::string& address)>;

// Of an object as its organiser stores it: who is in a group when it is first invited is invited with MEMBER. Later the
// organiser may take out single ones; with the group its members go, but those who are invited by themselves. Where
// all of them are missing, the client has not seen them yet: they stay. Whether `after` was changed. `before`: as
// it was; null: it is new.
bool invite_members(const Component* before, const User& organizer, const MembersOf& members,
                    const icalendar::ZoneDatabase& zones, Component& after);

// The addresses of groups whose members are invited in that component: they themselves are told nothing.
std::set<std::string> groups_taken_apart(const Component& part);

}  // namespace kontor::itip
