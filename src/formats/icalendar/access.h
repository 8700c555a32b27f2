// SPDX-License-Identifier: AGPL-3.0-or-later
// What the properties of one component mean (RFC 5545 sections 3.6 and 3.8). Nothing is copied into a model of ours:
// these read the tree, and what they do not know stays in it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/icalendar/value.h"
#include "formats/lines/component.h"

namespace kontor::icalendar {

enum class ComponentKind : std::uint8_t { event, todo, journal, free_busy, time_zone, alarm, availability, other };
ComponentKind kind_of(const lines::Component& component);

// The first property of that name as text; "" if it is not there.
std::string text(const lines::Component& component, std::string_view property);
std::string uid(const lines::Component& component);
// The parts of all properties of that name: CATEGORIES, RESOURCES.
std::vector<std::string> text_list(const lines::Component& component, std::string_view property);
// Nothing if it is not there. Errors: invalid, when its value is none.
Result<std::optional<When>> when(const lines::Component& component, std::string_view property);

// When it takes place: DTSTART; its end by DTEND or DUE, or by DURATION.
struct Times {
  std::optional<When> start;
  std::optional<When> end;
  std::optional<Duration> duration;
};
Result<Times> times_of(const lines::Component& component);

struct RecurrenceId {
  When when;
  bool and_future = false;  // RANGE=THISANDFUTURE
};
Result<std::optional<RecurrenceId>> recurrence_id(const lines::Component& component);

int sequence(const lines::Component& component);  // 0 if it is absent or no number
bool is_cancelled(const lines::Component& component);
bool is_transparent(const lines::Component& component);  // takes no time in free/busy

enum class Class : std::uint8_t {
  open,
  confidential,
  private_
};  // unknown ones are private (RFC 5545 section 3.8.1.3)
Class class_of(const lines::Component& component);

// ORGANIZER or ATTENDEE.
struct Person {
  std::string address;  // the value; of a mailto: URI what follows it, in lower case but for what has no "@"
  std::string name;     // CN
  std::string role = "REQ-PARTICIPANT";
  std::string status = "NEEDS-ACTION";  // PARTSTAT
  std::string type = "INDIVIDUAL";      // CUTYPE
  bool rsvp = false;
  std::string sent_by;
  std::vector<std::string> delegated_to, delegated_from, members;
};
Person person_of(const lines::Property& property);
std::optional<Person> organizer(const lines::Component& component);
std::vector<Person> attendees(const lines::Component& component);
// "mailto:Ann@Example.com" → "ann@example.com"; another URI as it is.
std::string address_of(std::string_view uri);

struct Alarm {
  std::string action;  // upper case: AUDIO, DISPLAY, EMAIL, ...
  std::string uid;
  std::optional<When> at;  // an absolute TRIGGER, else:
  Duration before;         // relative to the start, negative before it
  bool from_end = false;   // RELATED=END
  int repeat = 0;
  Duration every;
  std::optional<When> acknowledged;  // RFC 9074 section 6
};
// Errors: invalid, for an alarm without a TRIGGER that can be read.
Result<Alarm> alarm_of(const lines::Component& valarm);

}  // namespace kontor::icalendar
