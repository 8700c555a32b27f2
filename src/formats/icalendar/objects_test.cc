// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/objects.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kontor::icalendar {
namespace {

std::string zone(const std::string& id) {
  return "BEGIN:VTIMEZONE\r\nTZID:" + id +
         "\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\n"
         "END:VTIMEZONE\r\n";
}

std::string event(const std::string& uid, const std::string& more) {
  return "BEGIN:VEVENT\r\n" + (uid.empty() ? "" : "UID:" + uid + "\r\n") + more + "END:VEVENT\r\n";
}

Objects split_text(const std::string& inner) {
  const auto read =
      icalendar::read("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:p\r\nMETHOD:PUBLISH\r\n" + inner + "END:VCALENDAR\r\n");
  EXPECT_TRUE(read);
  return split(read->calendars);
}

TEST(CalendarObjects, BringOverridesTogetherWithTheirZones) {
  const auto out = split_text("X-WR-CALNAME:Work\\, mine\r\nX-WR-CALDESC:All\r\nX-APPLE-CALENDAR-COLOR:#FF0000\r\n" +
                              zone("A") + zone("B") + zone("unused") +
                              event("1", "DTSTART;TZID=A:20260101T100000\r\nRRULE:FREQ=DAILY\r\nX-MY;X-P=1:kept\r\n") +
                              event("2", "DTSTART:20260101T100000Z\r\n") +
                              event("1", "RECURRENCE-ID;TZID=A:20260102T100000\r\nDTSTART;TZID=B:20260102T110000\r\n"));
  EXPECT_EQ(out.name, "Work, mine");
  EXPECT_EQ(out.description, "All");
  EXPECT_EQ(out.colour, "#FF0000");
  ASSERT_EQ(out.objects.size(), 2u);
  const auto text = write(out.objects[0].calendar);
  EXPECT_EQ(out.objects[0].uid, "1");
  EXPECT_EQ(out.objects[0].calendar.components.size(), 4u) << text;
  EXPECT_NE(text.find("TZID:A"), std::string::npos);
  EXPECT_NE(text.find("TZID:B"), std::string::npos);
  EXPECT_EQ(text.find("unused"), std::string::npos);
  EXPECT_EQ(text.find("METHOD"), std::string::npos);
  EXPECT_NE(text.find("X-MY;X-P=1:kept"), std::string::npos);
  EXPECT_LT(text.find("END:VTIMEZONE"), text.find("BEGIN:VEVENT"));
  EXPECT_EQ(out.objects[1].calendar.components.size(), 1u);
}

TEST(CalendarObjects, KeepWhatHasNoUidApart) {
  const auto out = split_text(event("", "SUMMARY:a\r\n") + event("", "SUMMARY:b\r\n"));
  ASSERT_EQ(out.objects.size(), 2u);
  EXPECT_EQ(out.objects[0].uid, "");
}

TEST(CalendarObjects, AnEventAndATaskOfOneUidAreTwo) {
  const auto out = split_text(event("1", "SUMMARY:a\r\n") + "BEGIN:VTODO\r\nUID:1\r\nEND:VTODO\r\n");
  EXPECT_EQ(out.objects.size(), 2u);
}

TEST(CalendarObjects, ZonesOfAnotherCalendarOfTheStreamServe) {
  const auto read = icalendar::read("BEGIN:VCALENDAR\r\n" + zone("A") + "END:VCALENDAR\r\nBEGIN:VCALENDAR\r\n" +
                                    event("1", "DTSTART;TZID=A:20260101T100000\r\n") + "END:VCALENDAR\r\n");
  ASSERT_TRUE(read);
  const auto out = split(read->calendars);
  ASSERT_EQ(out.objects.size(), 1u);
  EXPECT_EQ(out.objects[0].calendar.components.size(), 2u);
}

TEST(CalendarObjects, OfOneUidFromTwoCalendarsAreOne) {
  const auto read =
      icalendar::read("BEGIN:VCALENDAR\r\n" + zone("A") + event("1", "DTSTART;TZID=A:20260101T100000\r\n") +
                      "END:VCALENDAR\r\nBEGIN:VCALENDAR\r\n" + zone("A") +
                      event("1", "RECURRENCE-ID;TZID=A:20260101T100000\r\n") + "END:VCALENDAR\r\n");
  ASSERT_TRUE(read);
  const auto out = split(read->calendars);
  ASSERT_EQ(out.objects.size(), 1u);
  EXPECT_EQ(out.objects[0].calendar.components.size(), 3u) << "the zone stands once";
}

TEST(CalendarObjects, RepeatNoMoreThanTheyMay) {
  std::string text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:" + std::string(1000, 'p') + "\r\n" + zone("A");
  for (int i = 0; i < 100; ++i) text += event(std::to_string(i), "DTSTART;TZID=A:20260101T100000\r\n");
  const auto read = icalendar::read(text + "END:VCALENDAR\r\n");
  ASSERT_TRUE(read);
  const auto whole = [&](std::size_t most) {
    const auto out = split(read->calendars, most);
    EXPECT_EQ(out.objects.size(), 100u) << "each event is there";
    return std::ranges::count_if(out.objects, [](const Object& one) {
      return one.calendar.components.size() == 2 && one.calendar.properties.size() == 2;
    });
  };
  EXPECT_EQ(whole(10 << 20), 100);
  EXPECT_GT(whole(20'000), 0);
  EXPECT_LT(whole(20'000), 50);
}

}  // namespace
}  // namespace kontor::icalendar
