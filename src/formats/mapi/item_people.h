// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: who organizes and who attends, as calendars say it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/lines/component.h"
#include "formats/mapi/calendar_item.h"

namespace kontor::mapi {

struct People {
  struct Attendee {
    Mailbox mailbox;
    RecipientKind kind = RecipientKind::to;
    bool is_list = false;
    std::int64_t status = 0;  // PidTagRecipientTrackStatus
  };

  std::optional<Mailbox> organizer;  // who is marked so among the recipients, else who it is from
  std::vector<Attendee> attendees;   // each once, without the organizer
};
People people_of(const Message& message, const CalendarContext& context);

// ORGANIZER or ATTENDEE with CN; somebody without an address has a URI that nobody can be written to by.
lines::Property person_property(std::string_view name, const Mailbox& mailbox);
// With role, kind and answer.
lines::Property attendee_property(const People::Attendee& one);
// PidLidResponseStatus and PidTagRecipientTrackStatus as PARTSTAT.
std::string_view answer_of(std::int64_t status);

}  // namespace kontor::mapi
