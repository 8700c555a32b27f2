// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/calendar.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "formats/icalendar/access.h"

namespace kontor::icalendar {
namespace {

TEST(Calendar, KeepsWhatItDoesNotKnow) {
  const std::string text =
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//X//Y//EN\r\nX-WR-CALNAME;X-P=1:Mine\r\nBEGIN:VEVENT\r\nUID:1\r\n"
      "GEO:broken\r\nRRULE:FREQ=DAILY;FOO=1\r\nDTSTART;TZID=X;X-Q=\"a;b\":20240101T0000\r\nBEGIN:X-COMP\r\nX-IN:"
      "1\r\nEND:X-COMP\r\n"
      "ATTENDEE;CN=\"A, ^'B^'\";PARTSTAT=ACCEPTED:mailto:A@b\r\nEND:VEVENT\r\nX-LATE:1\r\nEND:VCALENDAR\r\n";
  const auto found = read(text);
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->repairs.empty());
  EXPECT_EQ(write(found->calendars[0]), text);
}

TEST(Calendar, PutsRightWhatIsBadlyWritten) {
  const auto found = read("BEGIN:VEVENT\nSUMMARY:Tea, cake; more\\, and\nX-P;BARE:1\nEND:VEVENT\n");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(write(found->calendars[0]),
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Kontor//Kontor//EN\r\nBEGIN:VEVENT\r\n"
            "SUMMARY:Tea\\, cake\\; more\\, and\r\nX-P;BARE=:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
  EXPECT_EQ(text(found->calendars[0].components[0], "SUMMARY"), "Tea, cake; more, and");
  EXPECT_EQ(found->repairs.size(), 3U);
  EXPECT_FALSE(read("BEGIN:VCARD\nEND:VCARD\n").has_value());
}

TEST(CalendarCorpus, ReadsAllAndWritesWhatReadsBack) {
  std::error_code error;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(KONTOR_SOURCE_DIR "/../shared/corpus/ics", error)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    const auto found = read(bytes.str());
    ASSERT_TRUE(found.has_value()) << entry.path() << ": " << found.error().text;
    ++files;
    for (const Component& calendar : found->calendars) {
      const auto again = read(write(calendar));
      ASSERT_TRUE(again.has_value()) << entry.path();
      ASSERT_EQ(again->calendars.size(), 1U) << entry.path();
      EXPECT_EQ(again->calendars[0], calendar) << entry.path();
      EXPECT_TRUE(again->repairs.empty()) << entry.path() << ": " << again->repairs[0].text;
    }
  }
  if (files == 0) GTEST_SKIP() << "no corpus";
}

TEST(Value, ReadsDatesAndTimes) {
  const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
      {"19980118", "", "19980118"},
      {"19980118T230000", "", "19980118T230000"},
      {"19980118T230000Z", "", "19980118T230000Z"},
      {"19980118T230000", "UTC", "19980118T230000Z"},
      {"19980118t2300z", "", "19980118T230000Z"},
      {"1998-01-18T23:00:00Z", "", "19980118T230000Z"},
      {"19980118T240000", "", "19980119T000000"},
      {"19970630T235960Z", "", "19970630T235959Z"},
      {"19980230", "", ""},
      {"99991231T240000", "", ""},
      {"19980118T250000", "", ""},
      {"19980118T230000+01", "", ""},
      {"yesterday", "", ""},
      {"", "", ""},
  };
  for (const auto& [text, zone, expected] : cases) {
    const auto when = parse_when(text, zone);
    EXPECT_EQ(when ? print(*when) : "", expected) << text;
  }
}

TEST(Value, ReadsDurations) {
  const std::tuple<std::string_view, std::string_view> cases[] = {{"P15DT5H0M20S", "P15DT5H0M20S"},
                                                                  {"P7W", "P7W"},
                                                                  {"P14D", "P2W"},
                                                                  {"-PT15M", "-PT15M"},
                                                                  {"+P1D", "P1D"},
                                                                  {"PT90M", "PT1H30M"},
                                                                  {"PT0S", "PT0S"},
                                                                  {"P1DT1S", "P1DT1S"},
                                                                  {"P", ""},
                                                                  {"15M", ""},
                                                                  {"PT5", ""},
                                                                  {"P99999999999D", ""},
                                                                  {"PT99999999999999999999S", ""},
                                                                  {"P1D2", ""}};
  for (const auto& [text, expected] : cases) {
    const auto duration = parse_duration(text);
    EXPECT_EQ(duration ? print(*duration) : "", expected) << text;
  }
}

TEST(Access, ReadsPeopleAlarmsAndTimes) {
  const auto found = read(
      "BEGIN:VEVENT\nUID:a\\,b\nDTSTART;TZID=Europe/"
      "Berlin:20240101T090000\nDURATION:PT1H\nSEQUENCE:3\nSTATUS:cancelled\n"
      "CLASS:X-SECRET\nCATEGORIES:a\\,1,b\nCATEGORIES:c\nRECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20240102\n"
      "ORGANIZER;CN=Ann:MAILTO:Ann@Example.com\nATTENDEE;RSVP=TRUE;DELEGATED-TO=\"mailto:x@y\",\"mailto:Z@y\":urn:uuid:"
      "A1\n"
      "BEGIN:VALARM\nACTION:display\nTRIGGER;RELATED=END:-PT15M\nREPEAT:2\nDURATION:PT5M\nEND:VALARM\n"
      "BEGIN:VALARM\nACTION:AUDIO\nTRIGGER;VALUE=DATE-TIME:20240101T080000Z\nEND:VALARM\nBEGIN:VALARM\nEND:VALARM\nEND:"
      "VEVENT\n");
  ASSERT_TRUE(found.has_value());
  const Component& event = found->calendars[0].components[0];
  EXPECT_EQ(kind_of(event), ComponentKind::event);
  EXPECT_EQ(uid(event), "a,b");
  EXPECT_EQ(sequence(event), 3);
  EXPECT_TRUE(is_cancelled(event));
  EXPECT_EQ(class_of(event), Class::private_);
  EXPECT_EQ(text_list(event, "CATEGORIES"), (std::vector<std::string>{"a,1", "b", "c"}));
  const auto times = times_of(event);
  ASSERT_TRUE(times.has_value());
  EXPECT_EQ(times->start->zone, "Europe/Berlin");
  EXPECT_EQ(times->duration->seconds, 3600);
  const auto id = recurrence_id(event);
  ASSERT_TRUE(id.has_value() && id->has_value());
  EXPECT_TRUE((*id)->and_future && (*id)->when.is_date());
  EXPECT_EQ(organizer(event)->address, "ann@example.com");
  ASSERT_EQ(attendees(event).size(), 1U);
  EXPECT_EQ(attendees(event)[0].address, "urn:uuid:A1");
  EXPECT_EQ(attendees(event)[0].delegated_to, (std::vector<std::string>{"x@y", "z@y"}));
  const auto alarm = alarm_of(event.components[0]);
  ASSERT_TRUE(alarm.has_value());
  EXPECT_TRUE(alarm->action == "DISPLAY" && alarm->from_end && alarm->repeat == 2 && alarm->before.seconds == -900);
  EXPECT_TRUE(alarm_of(event.components[1])->at.has_value());
  EXPECT_FALSE(alarm_of(event.components[2]).has_value());
}

}  // namespace
}  // namespace kontor::icalendar
