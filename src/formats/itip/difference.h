// SPDX-License-Identifier: AGPL-3.0-or-later
// What of a change matters to others.
#pragma once

#include <set>
#include <string>

#include "formats/itip/instances.h"

namespace kontor::itip {

enum class Difference : std::uint8_t {
  none,     // to nobody but who made it: alarms, answers, what clients note
  content,  // worth telling: where, about what, who is invited
  time,     // asks for new answers, and raises SEQUENCE: when it takes place (RFC 5546 section 2.1.4)
};

// Between two states of one component, both of objects of one UID. What EXDATE takes out is not looked at.
Difference difference(const Component& before, Parts& before_parts, const Component& after, Parts& after_parts);
// Whether it takes place at the same times: DTSTART, DTEND, DURATION, DUE, RRULE, RDATE.
bool is_same_time(const Component& before, Parts& before_parts, const Component& after, Parts& after_parts);

// The addresses that are invited, without the organiser's own.
std::set<std::string> invited(const Component& component);

// A status in upper case: "NEEDS-ACTION" where there is none.
std::string status_of(const Property& person);
// Sets PARTSTAT; others than NEEDS-ACTION need no RSVP any more.
void set_status(Property& person, std::string_view status);

}  // namespace kontor::itip
