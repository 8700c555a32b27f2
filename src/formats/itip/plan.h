// SPDX-License-Identifier: AGPL-3.0-or-later
// What follows from a user's change of an object of his own calendar: what is stored, and who is told (RFC 5546, RFC
// 6638 section 3.2).
#pragma once

#include <vector>

#include "base/result.h"
#include "formats/itip/message.h"

namespace kontor::itip {

struct Change {
  const Component* before = nullptr;  // a VCALENDAR of one UID; null: it is new
  const Component* after = nullptr;   // null: it is removed
  bool replies = true;                // false: a removal is not told to the organiser (Schedule-Reply: F)
  // The change was made without knowing the latest answers: those of `before` stay (If-Schedule-Tag-Match).
  bool keeps_answers = false;
};

enum class Role : std::uint8_t { none, organizer, attendee };
// Who the user is in an object; none: nothing is sent.
Role role_in(const Component& calendar, const User& user);

struct Plan {
  Role role = Role::none;
  // `after`, with SEQUENCE raised and answers reset where the change asks for it, and without SCHEDULE-FORCE-SEND.
  Component object;
  bool is_altered = false;  // `object` is not what `after` was
  std::vector<Message> messages;
};

// Errors: invalid (a date or zone that cannot be read; components of several organisers), denied (what only the
// organiser may change; another organiser).
Result<Plan> plan_change(const User& who, const Change& change, const Setting& setting);

}  // namespace kontor::itip
