// SPDX-License-Identifier: AGPL-3.0-or-later
// What an incoming message makes of a calendar (RFC 5546 sections 2.1.5 and 3).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "formats/itip/message.h"

namespace kontor::itip {

struct Incoming {
  const Component* message = nullptr;  // a VCALENDAR of one UID, with METHOD
  const Component* stored = nullptr;   // what the recipient's calendar has of that UID; null: nothing
  std::string from;                    // whose message it is: an address
  // An answer of somebody who was not invited adds him; else it is left to the person.
  bool takes_uninvited = false;
  // A REQUEST may come from who acts for the organiser (SENT-BY), or who passes his invitation on (delegation), where
  // it changes nothing that the calendar has. Only where nobody can say so in another's name.
  bool takes_on_behalf = false;
};

enum class Fate : std::uint8_t {
  stored,      // `object` is what the calendar is to have
  nothing,     // it was there already, or is older than what is there
  for_person,  // what becomes of it only the person can say
};

struct Received {
  Fate fate = Fate::nothing;
  Component object;
  bool is_significant = false;   // the person is to be told: a new invitation, another time, a cancellation
  std::vector<Message> answers;  // REQUEST to who asked by REFRESH; REFRESH, where something is missing
  std::string why;               // a sentence for the log
};

// Errors: invalid (no METHOD, no UID, several of them, dates that cannot be read), denied (whose message it says to be
// may not say such things: an attendee as organiser, another organiser, an answer for somebody else).
Result<Received> receive(const User& who, const Incoming& incoming, const Setting& setting);

}  // namespace kontor::itip
