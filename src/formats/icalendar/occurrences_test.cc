// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/occurrences.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <tuple>

#include "formats/icalendar/access.h"
#include "formats/icalendar/busy.h"
#include "formats/icalendar/calendar.h"
#include "formats/icalendar/calendar_object.h"
#include "formats/icalendar/examples_fixture.h"
#include "formats/icalendar/excerpt.h"

namespace kontor::icalendar {
namespace {

const ZoneDatabase& system_zones() {
  static const ZoneDatabase zones;
  return zones;
}

Instant utc_instant(std::string_view text) { return Instant(parse_when(text).value().wall.time_since_epoch()); }

// "20060104T000000Z/20060105T000000Z", open where a side is empty.
Window window_of(std::string_view text) {
  const std::size_t slash = text.find('/');
  Window out;
  if (slash > 0) out.from = utc_instant(text.substr(0, slash));
  if (slash + 1 < text.size()) out.to = utc_instant(text.substr(slash + 1));
  return out;
}

Component parsed(std::string_view text) { return std::move(read(text).value().calendars.front()); }

// One object, asked in one zone.
struct Asked {
  explicit Asked(std::string_view text, std::string_view zone = "US/Eastern", std::uint64_t steps = 200'000)
      : calendar(parsed(text)),
        budget(steps),
        occurrences(calendar, system_zones(), system_zones().find(zone), budget) {}

  Component calendar;
  Budget budget;
  Occurrences occurrences;
};

// What the tables of section 9.9 say, row by row; the zone of floating times is New York's.
TEST(Occurrences, TablesOfTimeRanges) {
  const std::tuple<std::string_view, std::string_view, bool, std::string_view> cases[] = {
      // VEVENT
      {"VEVENT\nDTSTART:20060104T100000Z\nDTEND:20060104T110000Z\n", "20060104T103000Z/20060104T110000Z", true,
       "in it"},
      {"VEVENT\nDTSTART:20060104T100000Z\nDTEND:20060104T110000Z\n", "20060104T110000Z/20060104T120000Z", false,
       "the end is not part of it"},
      {"VEVENT\nDTSTART:20060104T100000Z\nDTEND:20060104T110000Z\n", "20060104T090000Z/20060104T100000Z", false,
       "nor is the window's"},
      {"VEVENT\nDTSTART:20060104T100000Z\nDURATION:PT1H\n", "20060104T105959Z/20060104T120000Z", true,
       "its last second"},
      {"VEVENT\nDTSTART:20060104T100000Z\nDURATION:PT0S\n", "20060104T100000Z/20060104T100001Z", true,
       "no time at all"},
      {"VEVENT\nDTSTART:20060104T100000Z\n", "20060104T100000Z/20060104T110000Z", true, "a moment"},
      {"VEVENT\nDTSTART:20060104T100000Z\n", "20060104T090000Z/20060104T100000Z", false, "a moment behind it"},
      {"VEVENT\nDTSTART;VALUE=DATE:20060104\n", "20060105T040000Z/20060105T043000Z", true, "a whole day in New York"},
      {"VEVENT\nDTSTART;VALUE=DATE:20060104\n", "20060105T050000Z/20060105T060000Z", false, "which is over"},
      {"VEVENT\nDTSTART;VALUE=DATE:20060104\n", "20060104T000000Z/20060104T050000Z", false, "or has not begun"},
      {"VEVENT\nDTSTART:20060104T100000\n", "20060104T150000Z/20060104T150001Z", true, "floating"},
      {"VEVENT\nDTSTART:20060104T100000Z\nRRULE:FREQ=DAILY\n", "20360101T095900Z/20360101T100100Z", true, "endless"},
      {"VEVENT\nDTSTART:20060104T100000Z\nRRULE:FREQ=DAILY\n", "20360101T100100Z/20360102T095900Z", false, "between"},
      {"VEVENT\nDTSTART:20060104T100000Z\nRRULE:FREQ=DAILY\n", "/20060104T100000Z", false, "before all"},
      {"VEVENT\nDTSTART:20060104T100000Z\nRRULE:FREQ=DAILY\n", "20360101T095900Z/", true, "open at its end"},
      {"VEVENT\nDTSTART:20060104T100000Z\nRRULE:FREQ=NONSENSE\n", "20060101T000000Z/", false, "cannot be read"},
      // VTODO
      {"VTODO\nDTSTART:20060104T100000Z\nDURATION:PT1H\n", "20060104T110000Z/20060104T120000Z", true,
       "ends as it begins"},
      {"VTODO\nDTSTART:20060104T100000Z\nDURATION:PT1H\n", "20060104T110001Z/20060104T120000Z", false, "is over"},
      {"VTODO\nDTSTART:20060104T100000Z\nDURATION:PT1H\n", "20060104T090000Z/20060104T100000Z", false, "not begun"},
      {"VTODO\nDTSTART:20060104T100000Z\nDUE:20060104T110000Z\n", "20060104T110000Z/20060104T120000Z", false,
       "was due"},
      {"VTODO\nDTSTART:20060104T100000Z\nDUE:20060104T110000Z\n", "20060104T105959Z/20060104T120000Z", true, "due now"},
      {"VTODO\nDTSTART:20060104T100000Z\nDUE:20060104T100000Z\n", "20060104T090000Z/20060104T100000Z", true,
       "due as the window ends"},
      {"VTODO\nDTSTART:20060104T100000Z\n", "20060104T100000Z/20060104T110000Z", true, "begins"},
      {"VTODO\nDTSTART:20060104T100000Z\n", "20060104T100001Z/20060104T110000Z", false, "has begun"},
      {"VTODO\nDUE:20060104T100000Z\n", "20060104T090000Z/20060104T100000Z", true, "only due"},
      {"VTODO\nDUE:20060104T100000Z\n", "20060104T100000Z/20060104T110000Z", false, "only due, before"},
      {"VTODO\nCOMPLETED:20060104T100000Z\nCREATED:20060101T100000Z\n", "20060102T000000Z/20060103T000000Z", true,
       "between its creation and its end"},
      {"VTODO\nCOMPLETED:20060104T100000Z\nCREATED:20060101T100000Z\n", "20060105T000000Z/20060106T000000Z", false,
       "done"},
      {"VTODO\nCOMPLETED:20060104T100000Z\n", "20060104T090000Z/20060104T100000Z", true, "done as the window ends"},
      {"VTODO\nCREATED:20060104T100000Z\n", "20060105T000000Z/20060106T000000Z", true, "made before"},
      {"VTODO\nCREATED:20060104T100000Z\n", "20060101T000000Z/20060104T100000Z", false, "not made yet"},
      {"VTODO\nSUMMARY:Some day\n", "20060101T000000Z/20060102T000000Z", true, "always"},
      // VJOURNAL
      {"VJOURNAL\nDTSTART:20060104T100000Z\n", "20060104T100000Z/20060104T100001Z", true, "a moment"},
      {"VJOURNAL\nDTSTART;VALUE=DATE:20060104\n", "20060104T120000Z/20060104T120001Z", true, "a whole day"},
      {"VJOURNAL\nSUMMARY:x\n", "20060101T000000Z/", false, "never"},
      // VFREEBUSY
      {"VFREEBUSY\nDTSTART:20060101T000000Z\nDTEND:20060108T000000Z\n", "20060108T000000Z/20060109T000000Z", true,
       "its end is part of it"},
      {"VFREEBUSY\nFREEBUSY:20060103T100000Z/PT1H\n", "20060103T105900Z/20060103T120000Z", true, "by its periods"},
      {"VFREEBUSY\nFREEBUSY:20060103T100000Z/PT1H\n", "20060103T110000Z/20060103T120000Z", false, "behind it"},
      {"VFREEBUSY\nCOMMENT:none\n", "20060101T000000Z/", false, "nothing to compare"},
      {"VTIMEZONE\nTZID:x\n", "20060101T000000Z/", false, "has no time"},
  };
  for (const auto& [inner, window, expected, why] : cases) {
    const std::string name(inner.substr(0, inner.find('\n')));
    Asked asked(fmt::format("BEGIN:VCALENDAR\nBEGIN:{}UID:1\nEND:{}\nEND:VCALENDAR\n", inner, name));
    EXPECT_EQ(asked.occurrences.overlaps(asked.calendar.components.front(), window_of(window)), expected)
        << inner << window << ": " << why;
  }
}

TEST(Occurrences, OverridesStandForThemselves) {
  Asked asked(examples::appendix_b()[1]);
  const Component& series = asked.calendar.components[1];
  const Component& override = asked.calendar.components[2];
  const std::tuple<std::string_view, bool, bool> cases[] = {
      {"20060102T170000Z/20060102T180000Z", true, false},   // the first
      {"20060104T170000Z/20060104T180000Z", false, false},  // moved away
      {"20060104T190000Z/20060104T200000Z", false, true},   // to here
      {"20060101T000000Z/", true, true},
      {"20060107T000000Z/", false, false},  // five times only
  };
  for (const auto& [window, by_series, by_override] : cases) {
    EXPECT_EQ(asked.occurrences.overlaps(series, window_of(window)), by_series) << window;
    EXPECT_EQ(asked.occurrences.overlaps(override, window_of(window)), by_override) << window;
  }
}

TEST(Occurrences, AlarmsRing) {
  const std::tuple<std::string_view, std::string_view, bool, std::string_view> cases[] = {
      {"TRIGGER:-PT10M\n", "20060104T095000Z/20060104T095001Z", true, "ten minutes before"},
      {"TRIGGER:-PT10M\n", "20060104T095001Z/20060104T100000Z", false, "it rang"},
      {"TRIGGER:-PT10M\n", "20300104T094959Z/20300104T095001Z", true, "of each instance"},
      {"TRIGGER;RELATED=END:PT5M\n", "20060104T110500Z/20060104T110600Z", true, "behind the end"},
      {"TRIGGER;VALUE=DATE-TIME:20051231T000000Z\n", "20051231T000000Z/20051231T000001Z", true, "at a time of its own"},
      {"TRIGGER;VALUE=DATE-TIME:20051231T000000Z\n", "20060104T000000Z/", false, "once"},
      {"TRIGGER:-PT10M\nREPEAT:2\nDURATION:PT5M\n", "20060104T095600Z/20060104T100100Z", true, "again at ten"},
      {"TRIGGER:-PT10M\nREPEAT:2\nDURATION:PT5M\n", "20060104T100100Z/20060104T110000Z", false, "not any more"},
      {"TRIGGER:-P999999D\nREPEAT:2000000000\nDURATION:P999999D\n", "20060104T100100Z/20060104T110000Z", true,
       "absurd: found or not, the answer comes"},
      {"ACTION:AUDIO\n", "20060101T000000Z/", false, "without a trigger"},
  };
  for (const auto& [inner, window, expected, why] : cases) {
    Asked asked(
        fmt::format("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20060104T100000Z\nDURATION:PT1H\n"
                    "RRULE:FREQ=DAILY\nBEGIN:VALARM\n{}END:VALARM\nEND:VEVENT\nEND:VCALENDAR\n",
                    inner));
    const Component& event = asked.calendar.components.front();
    EXPECT_EQ(asked.occurrences.rings(event, event.components.front(), window_of(window)), expected)
        << inner << window << ": " << why;
  }
}

TEST(Occurrences, WorkIsBounded) {
  // Every second for ever, but what is asked for is never there.
  Asked asked(
      "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20060104T100000Z\nRRULE:FREQ=SECONDLY\nEXRULE:FREQ=SECONDLY\n"
      "END:VEVENT\nEND:VCALENDAR\n",
      "UTC", 10'000);
  EXPECT_TRUE(asked.occurrences.overlaps(asked.calendar.components.front(), window_of("20060104T100000Z/")));
  EXPECT_TRUE(asked.budget.is_spent());
}

std::string kept(const Component& calendar) {
  std::string out;
  for (const Component& component : calendar.components) {
    if (!out.empty()) out += " ";
    out += component.name;
    for (const std::string_view name : {"DTSTART", "DURATION", "DTEND", "DUE", "RECURRENCE-ID"})
      if (const Property* property = component.find(name)) out += fmt::format(" {}={}", name, property->value);
  }
  return out;
}

// Sections 7.8.2 and 7.8.3.
TEST(Excerpt, ExamplesOfTheRfc) {
  const auto objects = examples::appendix_b();
  const std::tuple<std::string, std::string_view, std::string_view> expansions[] = {
      {objects[1], "20060103T000000Z/20060105T000000Z",
       "VEVENT DTSTART=20060103T170000Z DURATION=PT1H RECURRENCE-ID=20060103T170000Z "
       "VEVENT DTSTART=20060104T190000Z DURATION=PT1H RECURRENCE-ID=20060104T170000Z"},
      {objects[2], "20060103T000000Z/20060105T000000Z", "VEVENT DTSTART=20060104T150000Z DURATION=PT1H"},
      {objects[2], "20070103T000000Z/20070105T000000Z", ""},
  };
  for (const auto& [text, window, expected] : expansions) {
    Asked asked(text);
    const auto found = expanded(asked.calendar, window_of(window), 100, asked.occurrences);
    ASSERT_TRUE(found);
    EXPECT_EQ(kept(*found), expected);
    EXPECT_EQ(write(*found).find("TZID"), std::string::npos);
    EXPECT_EQ(write(*found).find("RRULE"), std::string::npos);
  }
  const std::tuple<std::string_view, std::size_t> limits[] = {
      {"20060103T000000Z/20060105T000000Z", 3},  // zone, series, override
      {"20060104T170000Z/20060104T180000Z", 3},  // would have been there
      {"20060105T000000Z/20060106T000000Z", 2},
  };
  for (const auto& [window, expected] : limits) {
    Asked asked(objects[1]);
    EXPECT_EQ(without_overrides(asked.calendar, window_of(window), asked.occurrences).components.size(), expected)
        << window;
  }
}

TEST(Excerpt, InstancesAsTheyAreWritten) {
  const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
      {"VEVENT\nDTSTART;VALUE=DATE:20060104\nRRULE:FREQ=DAILY;COUNT=2\n",
       "VEVENT DTSTART=20060104 RECURRENCE-ID=20060104 VEVENT DTSTART=20060105 RECURRENCE-ID=20060105",
       "days stay days"},
      {"VEVENT\nDTSTART:20060104T100000\nDTEND:20060104T113000\n",
       "VEVENT DTSTART=20060104T100000 DTEND=20060104T113000", "floating ones float"},
      {"VEVENT\nDTSTART;TZID=Europe/Berlin:20060104T100000\nDTEND;TZID=Europe/London:20060104T113000\n",
       "VEVENT DTSTART=20060104T090000Z DTEND=20060104T113000Z", "each by its zone"},
      {"VEVENT\nDTSTART:20060104T100000Z\nDURATION:PT1H\nRDATE;VALUE=PERIOD:20060105T100000Z/PT2H\n",
       "VEVENT DTSTART=20060104T100000Z DURATION=PT1H RECURRENCE-ID=20060104T100000Z "
       "VEVENT DTSTART=20060105T100000Z DURATION=PT2H RECURRENCE-ID=20060105T100000Z",
       "a period has its own length"},
      {"VTODO\nDUE:20060104T100000Z\nRRULE:FREQ=DAILY;COUNT=2\n",
       "VTODO DUE=20060104T100000Z RECURRENCE-ID=20060104T100000Z VTODO DUE=20060105T100000Z "
       "RECURRENCE-ID=20060105T100000Z",
       "a task that is due"},
      {"VTODO\nSUMMARY:Some day\n", "VTODO", "no time: as it is"},
  };
  for (const auto& [inner, expected, why] : cases) {
    const std::string name(inner.substr(0, inner.find('\n')));
    Asked asked(fmt::format("BEGIN:VCALENDAR\nBEGIN:{}UID:1\nEND:{}\nEND:VCALENDAR\n", inner, name));
    const auto found = expanded(asked.calendar, window_of("20060101T000000Z/20060201T000000Z"), 100, asked.occurrences);
    ASSERT_TRUE(found) << why;
    EXPECT_EQ(kept(*found), expected) << why;
  }
  Asked often(
      "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20060104T100000Z\nRRULE:FREQ=SECONDLY\nEND:VEVENT\nEND:"
      "VCALENDAR\n");
  const auto found = expanded(often.calendar, window_of("20060101T000000Z/20060201T000000Z"), 100, often.occurrences);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::too_large);
}

// Section 7.8.4.
TEST(Excerpt, PeriodsOfFreeBusy) {
  Asked asked(examples::appendix_b()[7]);
  const Component found =
      without_periods(asked.calendar, window_of("20060102T000000Z/20060103T000000Z"), asked.occurrences);
  const auto left = found.components.front().all("FREEBUSY");
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front()->value, "20060102T100000Z/20060102T120000Z");
}

TEST(FreeBusy, WhatIsTold) {
  const Window window = window_of("20060104T100000Z/20060104T120000Z");
  Asked asked(
      "BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\nUID:1\nFREEBUSY:20060104T090000Z/PT90M,20060104T103000Z/20060104T110000Z\n"
      "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20060104T113000Z/PT3H\nFREEBUSY;FBTYPE=FREE:20060104T110000Z/PT1H\n"
      "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20060105T110000Z/PT1H\nFREEBUSY:nonsense\nEND:VFREEBUSY\nEND:VCALENDAR\n");
  std::vector<Busy> times;
  told_times(asked.calendar.components.front(), window, times);
  const std::string text = write(free_busy(window, merged(times), utc_instant("20050125T090000Z")));
  EXPECT_NE(text.find("BEGIN:VFREEBUSY\r\nDTSTAMP:20050125T090000Z\r\nDTSTART:20060104T100000Z\r\n"
                      "DTEND:20060104T120000Z\r\n"
                      "FREEBUSY:20060104T100000Z/20060104T110000Z\r\n"
                      "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20060104T113000Z/20060104T120000Z\r\nEND:VFREEBUSY\r\n"),
            std::string::npos)
      << text;
}

TEST(CalendarObject, WhatMayBeAnItem) {
  using What = ObjectFault::What;
  const std::string event = "BEGIN:VEVENT\nUID:1\nDTSTART:20060104T100000Z\nEND:VEVENT\n";
  const std::tuple<std::string, std::optional<What>, std::string_view> cases[] = {
      {examples::appendix_b()[1], {}, "a series with an override"},
      {examples::plain(event), {}, "an event"},
      {examples::plain("BEGIN:VTODO\nUID:1\nEND:VTODO\n"), {}, "a task without times"},
      {"hello", What::data, "no calendar"},
      {"", What::data, "nothing"},
      {event, What::data, "without a VCALENDAR"},
      {"BEGIN:VCALENDAR\n" + event, What::data, "breaks off"},
      {examples::plain(event) + examples::plain(event), What::object, "two calendars"},
      {examples::plain(""), What::object, "nothing in it"},
      {examples::plain("METHOD:REQUEST\n" + event), What::object, "a message"},
      {examples::plain("BEGIN:VEVENT\nDTSTART:20060104T100000Z\nEND:VEVENT\n"), What::object, "no UID"},
      {examples::plain(event + "BEGIN:VEVENT\nUID:2\nDTSTART:20060104T100000Z\nEND:VEVENT\n"), What::object,
       "two UIDs"},
      {examples::plain(event + "BEGIN:VTODO\nUID:1\nEND:VTODO\n"), What::object, "two kinds"},
      {examples::plain("BEGIN:VEVENT\nUID:1\nEND:VEVENT\n"), What::data, "never takes place"},
      {examples::plain("BEGIN:VEVENT\nUID:1\nDTSTART:today\nEND:VEVENT\n"), What::data, "no date"},
      {examples::plain("BEGIN:VEVENT\nUID:1\nDTSTART:20060104T100000Z\nRRULE:FREQ=OFTEN\nEND:VEVENT\n"), What::data,
       "no rule"},
      {examples::plain("BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Nowhere/At all:20060104T100000\nEND:VEVENT\n"), What::data,
       "no zone"},
      {examples::plain("BEGIN:VALARM\nUID:1\nEND:VALARM\n"), What::object, "an alarm of nothing"},
  };
  for (const auto& [text, fault, why] : cases) {
    const auto found = read_calendar_object(text, system_zones());
    EXPECT_EQ(found.has_value(), !fault.has_value()) << why;
    if (!found && fault) EXPECT_EQ(found.error().what, *fault) << why << ": " << found.error().why;
  }
  std::string many;
  for (int i = 0; i < 25'000; ++i) many += "BEGIN:VEVENT\nUID:1\nEND:VEVENT\n";
  const auto found = read_calendar_object(examples::plain(many), system_zones());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().what, What::too_large);
}

}  // namespace
}  // namespace kontor::icalendar
