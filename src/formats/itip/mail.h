// SPDX-License-Identifier: AGPL-3.0-or-later
// Scheduling messages within mail (iMIP, RFC 6047).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "formats/icalendar/value.h"
#include "formats/itip/message.h"

namespace kontor::itip {

struct MailFacts {
  std::string from_name, from;  // `from`: an address
  std::string to;               // an address
  std::string message_id;       // "<a@b>"
  Instant now{};
};

// A whole message, all ASCII with CRLF: text for people, the calendar for programs, and the same as a file. Invisible
// to programs that answer by themselves (RFC 3834).
std::string make_mail(const Message& message, const MailFacts& facts);

// The same of a text alone; its lines end with "\n".
std::string make_text_mail(std::string_view subject, std::string_view text, const MailFacts& facts);

// What a message is about: "Invitation: Weekly".
std::string subject_of(const Message& message);
// What people read who have no calendar program.
std::string text_of(const Message& message, std::string_view who);

// "Monday, 03 July 2023, 10:00 - 11:00 (Europe/Berlin)". `end` is of start's kind and zone.
std::string span_text(const icalendar::When& start, icalendar::When end);

struct MailedCalendar {
  Component calendar;  // with METHOD
  std::string author;  // From: lower case; empty if there is none, or several
};
constexpr std::size_t kLargestMailed = 2 << 20;  // bytes of the calendar

// The first part text/calendar, or application/ics, that can be read and has a METHOD that fits what its Content-Type
// says. Nothing: there is none.
std::optional<MailedCalendar> find_in_mail(std::string_view mail);

}  // namespace kontor::itip
