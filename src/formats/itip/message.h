// SPDX-License-Identifier: AGPL-3.0-or-later
// What calendar users send each other about events, tasks and journals (iTIP, RFC 5546). Pure values: no store, and no
// clock but the one that is handed in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "formats/icalendar/zones.h"
#include "formats/lines/component.h"

namespace kontor::itip {

using lines::Component;
using lines::Property;

enum class Method : std::uint8_t { publish, request, reply, add, cancel, refresh, counter, decline_counter };

std::string_view name(Method method);
// The METHOD of a VCALENDAR; nothing if there is none that is known.
std::optional<Method> method_of(const Component& calendar);
// Whether the organiser sends it to attendees; else an attendee sends it to the organiser.
bool is_from_organizer(Method method);

// Addresses are as icalendar::address_of() has them.
struct User {
  bool is(std::string_view address) const;
  bool is_through_group(std::string_view address) const;

  std::vector<std::string> addresses;  // all that are his; the first is the main one
  std::vector<std::string> groups;     // lists that he is a member of
};

struct Message {
  bool operator==(const Message&) const = default;

  Method method = Method::request;
  std::string from;
  std::vector<std::string> to;
  Component calendar;  // a VCALENDAR with METHOD
};

struct Setting {
  const icalendar::ZoneDatabase& zones;
  Instant now;
};

// What SCHEDULE-AGENT says of an ATTENDEE or ORGANIZER: whether the server sends (RFC 6638 section 7.1).
bool is_server_agent(const Property& person);
// Whether the component is of those that are scheduled: VEVENT, VTODO, VJOURNAL.
bool is_scheduled(const Component& component);
// The ORGANIZER's address of the first component that has one; "" if there is none.
std::string organizer_of(const Component& calendar);
// The property of the ATTENDEE of that address; null if there is none.
const Property* attendee(const Component& component, std::string_view address);
Property* attendee(Component& component, std::string_view address);
// The same for whoever `user` is there.
const Property* attendee(const Component& component, const User& user);
Property* attendee(Component& component, const User& user);

}  // namespace kontor::itip
