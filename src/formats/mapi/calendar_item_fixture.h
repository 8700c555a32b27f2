// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: items of a calendar, and what is made of them.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "formats/icalendar/calendar.h"
#include "formats/icalendar/calendar_object.h"
#include "formats/icalendar/series.h"
#include "formats/mapi/calendar_item.h"
#include "formats/mapi/tags.h"
#include "formats/mapi/zone_rule.h"

namespace kontor::mapi::testing {

inline const icalendar::ZoneDatabase& zones() {
  static const icalendar::ZoneDatabase database;
  return database;
}

inline CalendarContext context() {
  return {.zones = &zones(), .owner = {.name = "Olga", .address = "olga@example.org"}};
}

inline Instant utc(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  using namespace std::chrono;
  return sys_days(std::chrono::year(year) / month / day) + hours(hour) + minutes(minute);
}
inline Value time_value(Instant at) { return Value::of_time(ticks_of_instant(at)); }

inline void set(Properties& properties, const Tag& tag, std::string_view text) {
  properties.set(tag, Value::of_text(std::string(text)));
}

inline ZoneRule berlin() {
  return {.bias = -60,
          .daylight_bias = -60,
          .standard_begin = {.month = 10, .day = 5, .hour = 3},
          .daylight_begin = {.month = 3, .day = 5, .hour = 2}};
}

// From 9:00 to 10:00 in Berlin on 2026-02-03, with the times that Outlook writes.
inline Message appointment() {
  Message message;
  Properties& from = message.properties;
  set(from, tag::kMessageClass, "IPM.Appointment");
  set(from, tag::kSubject, "Plan; the rest");
  from.set(tag::kAppointmentStartWhole, time_value(utc(2026, 2, 3, 8)));
  from.set(tag::kAppointmentEndWhole, time_value(utc(2026, 2, 3, 9)));
  from.set(tag::kTimeZoneStruct, Value::of_bytes(write_zone_struct(berlin())));
  set(from, tag::kTimeZoneDescription, "(UTC+01:00) Amsterdam, Berlin");
  from.set(tag::kCreationTime, time_value(utc(2026, 1, 1)));
  from.set(tag::kLastModificationTime, time_value(utc(2026, 1, 2, 3, 4)));
  return message;
}

inline Properties recipient(std::string_view name, std::string_view address, int kind, int status) {
  Properties made;
  set(made, tag::kDisplayName, name);
  set(made, tag::kAddressType, "SMTP");
  set(made, tag::kEmailAddress, address);
  made.set(tag::kRecipientType, Value::of(kind));
  made.set(tag::kRecipientTrackStatus, Value::of(status));
  return made;
}

inline void set_from(Properties& from, std::string_view name, std::string_view address) {
  set(from, tag::kSentRepresentingName, name);
  set(from, tag::kSentRepresentingAddressType, "SMTP");
  set(from, tag::kSentRepresentingEmailAddress, address);
}

// The lines of all components but zones, unfolded, without those that every item has.
inline std::string lines_of(std::string_view text) {
  std::string unfolded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("\r\n ")) {
      i += 2;
      continue;
    }
    if (text[i] != '\r') unfolded += text[i];
  }
  std::string out;
  bool is_zone = false;
  for (std::size_t at = 0; at < unfolded.size();) {
    const std::size_t end = unfolded.find('\n', at);
    const std::string_view line = std::string_view(unfolded).substr(at, end - at);
    at = end + 1;
    if (line == "BEGIN:VTIMEZONE") is_zone = true;
    const bool is_usual = line.ends_with(":VCALENDAR") || line == "VERSION:2.0" || line.starts_with("PRODID:");
    if (!is_zone && !is_usual) out.append(line).append("\n");
    if (line == "END:VTIMEZONE") is_zone = false;
  }
  return out;
}

// That it reads back as one item, needing no repair.
inline void expect_reads_back(const CalendarObject& made) {
  const auto read = icalendar::read(made.text);
  ASSERT_TRUE(read.has_value()) << read.error().text;
  EXPECT_TRUE(read->repairs.empty()) << read->repairs.front().text << "\n" << made.text;
  const auto object = icalendar::read_calendar_object(made.text, zones());
  ASSERT_TRUE(object.has_value()) << object.error().why << "\n" << made.text;
  EXPECT_EQ(object->uid, made.uid);
}

}  // namespace kontor::mapi::testing
