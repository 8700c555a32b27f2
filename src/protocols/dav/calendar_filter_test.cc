// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/calendar_filter.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <tuple>

#include "formats/icalendar/calendar.h"
#include "formats/icalendar/examples_fixture.h"
#include "protocols/dav/calendar_data.h"
#include "wire/dav/reports.h"

namespace kontor::dav {
namespace {

namespace examples = icalendar::examples;

const icalendar::ZoneDatabase& database() {
  static const icalendar::ZoneDatabase zones;
  return zones;
}

wire::dav::Parsed<wire::dav::Report> query(std::string_view data, std::string_view filter) {
  return wire::dav::parse_report(fmt::format(
      R"(<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>)"
      R"(<C:calendar-data>{}</C:calendar-data></D:prop><C:filter><C:comp-filter name="VCALENDAR">{}</C:comp-filter>)"
      R"(</C:filter></C:calendar-query>)",
      data, filter));
}

// The numbers of those of appendix B that match: "2 3".
std::string found_by(std::string_view filter) {
  const auto report = query("", filter);
  if (!report) return report.error().why;
  const auto& asked = std::get<wire::dav::CalendarQuery>(*report).filter;
  if (const auto fine = check_filter(asked); !fine) return fine.error().precondition->local;
  std::string out;
  int number = 0;
  for (const std::string& text : examples::appendix_b()) {
    ++number;
    const auto tree = icalendar::read(text);
    icalendar::Budget budget(100'000);
    icalendar::Occurrences occurrences(tree->calendars.front(), database(), database().find("US/Eastern"), budget);
    if (matches(asked, tree->calendars.front(), occurrences))
      out += fmt::format("{}{}", out.empty() ? "" : " ", number);
  }
  return out;
}

TEST(CalendarFilter, ExamplesOfTheRfc) {
  const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
      {"", "1 2 3 4 5 6 7 8", "appendix B: all"},
      {R"(<C:comp-filter name="VEVENT"><C:time-range start="20060104T000000Z" end="20060105T000000Z"/></C:comp-filter>)",
       "2 3", "7.8.1"},
      {R"(<C:comp-filter name="VEVENT"><C:time-range start="20060103T000000Z" end="20060105T000000Z"/></C:comp-filter>)",
       "2 3", "7.8.2"},
      {R"(<C:comp-filter name="VFREEBUSY"><C:time-range start="20060102T000000Z" end="20060103T000000Z"/></C:comp-filter>)",
       "8", "7.8.4"},
      {R"(<C:comp-filter name="VTODO"><C:comp-filter name="VALARM"><C:time-range start="20060106T000000Z" )"
       R"(end="20060106T100000Z"/></C:comp-filter></C:comp-filter>)",
       "5", "7.8.5, at the time when the alarm rings in New York"},
      {R"(<C:comp-filter name="VEVENT"><C:prop-filter name="UID"><C:text-match collation="i;octet">)"
       R"(DC6C50A017428C5216A2F1CD@example.com</C:text-match></C:prop-filter></C:comp-filter>)",
       "3", "7.8.6"},
      {R"(<C:comp-filter name="VEVENT"><C:prop-filter name="ATTENDEE"><C:text-match collation="i;ascii-casemap">)"
       R"(mailto:lisa@example.com</C:text-match><C:param-filter name="PARTSTAT"><C:text-match )"
       R"(collation="i;ascii-casemap">NEEDS-ACTION</C:text-match></C:param-filter></C:prop-filter></C:comp-filter>)",
       "3", "7.8.7"},
      {R"(<C:comp-filter name="VEVENT"/>)", "1 2 3", "7.8.8"},
      {R"(<C:comp-filter name="VTODO"><C:prop-filter name="COMPLETED"><C:is-not-defined/></C:prop-filter>)"
       R"(<C:prop-filter name="STATUS"><C:text-match negate-condition="yes">CANCELLED</C:text-match></C:prop-filter>)"
       R"(</C:comp-filter>)",
       "4 5", "7.8.9"},
      {R"(<C:comp-filter name="VEVENT"><C:prop-filter name="X-ABC-GUID"><C:text-match>ABC</C:text-match></C:prop-filter>)"
       R"(</C:comp-filter>)",
       "", "7.8.10: unlike there, any property can be asked for"},
  };
  for (const auto& [filter, expected, why] : cases) EXPECT_EQ(found_by(filter), expected) << why;
}

TEST(CalendarFilter, EachCondition) {
  const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
      {R"(<C:comp-filter name="VTODO"><C:is-not-defined/></C:comp-filter>)", "1 2 3 8", "no tasks"},
      {R"(<C:comp-filter name="VEVENT"><C:comp-filter name="VALARM"><C:is-not-defined/></C:comp-filter></C:comp-filter>)",
       "1 2 3", "events without alarms"},
      {R"(<C:comp-filter name="VTODO"><C:comp-filter name="VALARM"><C:is-not-defined/></C:comp-filter></C:comp-filter>)",
       "6 7", "tasks without alarms"},
      {R"(<C:comp-filter name="VEVENT"><C:prop-filter name="SUMMARY"><C:text-match>EVENT #2 BIS</C:text-match>)"
       R"(</C:prop-filter></C:comp-filter>)",
       "2", "the override's own words"},
      {R"(<C:comp-filter name="VEVENT"><C:prop-filter name="SUMMARY"><C:text-match collation="i;octet">EVENT</C:text-match>)"
       R"(</C:prop-filter></C:comp-filter>)",
       "", "letter by letter"},
      {R"(<C:comp-filter name="VEVENT"><C:time-range start="20060104T170000Z" end="20060104T180000Z"/>)"
       R"(<C:prop-filter name="SUMMARY"><C:text-match>bis</C:text-match></C:prop-filter></C:comp-filter>)",
       "", "the time of one, the words of another"},
      {R"(<C:comp-filter name="VEVENT"><C:prop-filter name="ATTENDEE"><C:text-match>cyrus</C:text-match>)"
       R"(<C:param-filter name="PARTSTAT"><C:text-match>NEEDS-ACTION</C:text-match></C:param-filter></C:prop-filter>)"
       R"(</C:comp-filter>)",
       "", "both of one attendee"},
      {R"(<C:comp-filter name="VEVENT"><C:prop-filter name="ATTENDEE"><C:param-filter name="ROLE"><C:is-not-defined/>)"
       R"(</C:param-filter></C:prop-filter></C:comp-filter>)",
       "3", "an attendee without a role"},
      {R"(<C:comp-filter name="VTODO"><C:prop-filter name="DUE"><C:time-range start="20060104T000000Z" )"
       R"(end="20060105T000000Z"/></C:prop-filter></C:comp-filter>)",
       "4", "a property's day"},
      {R"(<C:time-range start="20060104T000000Z"/>)", "valid-filter", "a calendar has no time"},
      {R"(<C:comp-filter name="VEVENT"><C:prop-filter name="SUMMARY"><C:time-range start="20060104T000000Z"/>)"
       R"(</C:prop-filter></C:comp-filter>)",
       "supported-filter", "nor has a summary"},
      {R"(<C:comp-filter name="VEVENT"><C:comp-filter name="VEVENT"/></C:comp-filter>)", "", "nothing is like that"},
  };
  for (const auto& [filter, expected, why] : cases) EXPECT_EQ(found_by(filter), expected) << why;
}

TEST(CalendarFilter, Gist) {
  const std::tuple<std::string_view, std::string_view> cases[] = {
      {"", " all"},
      {R"(<C:comp-filter name="VEVENT"/>)", "VEVENT all"},
      {R"(<C:comp-filter name="VEVENT"><C:time-range start="20060104T000000Z"/></C:comp-filter>)", "VEVENT time all"},
      {R"(<C:comp-filter name="VTODO"><C:prop-filter name="STATUS"/></C:comp-filter>)", "VTODO"},
      {R"(<C:comp-filter name="VTODO"><C:prop-filter name="UID"><C:text-match>x</C:text-match></C:prop-filter>)"
       R"(</C:comp-filter>)",
       "VTODO uid"},
      {R"(<C:comp-filter name="VTODO"><C:is-not-defined/></C:comp-filter>)", ""},
      {R"(<C:comp-filter name="VEVENT"><C:comp-filter name="VALARM"/></C:comp-filter>)", "VEVENT alarm"},
      {R"(<C:comp-filter name="VEVENT"><C:comp-filter name="VALARM"><C:is-not-defined/></C:comp-filter></C:comp-filter>)",
       "VEVENT"},
      {R"(<C:prop-filter name="VERSION"/><C:comp-filter name="VEVENT"/>)", "VEVENT"},
  };
  for (const auto& [filter, expected] : cases) {
    const FilterGist gist = gist_of(std::get<wire::dav::CalendarQuery>(*query("", filter)).filter);
    EXPECT_EQ(gist.component + (gist.time ? " time" : "") + (gist.uid ? " uid" : "") +
                  (gist.has_alarm ? " alarm" : "") + (gist.is_all ? " all" : ""),
              expected)
        << filter;
  }
}

std::string shown(std::string_view object, std::string_view data) {
  const auto report = query(data, "");
  if (!report) return report.error().why;
  const auto text = rendered(std::string(object), *std::get<wire::dav::CalendarQuery>(*report).wanted.calendar,
                             database(), database().find("UTC"));
  return text ? *text : text.error().text;
}

TEST(CalendarData, ExampleOfTheRfc) {
  // Section 7.8.1.
  const std::string found =
      shown(examples::appendix_b()[2],
            R"(<C:comp name="VCALENDAR"><C:prop name="VERSION"/><C:comp name="VEVENT"><C:prop name="SUMMARY"/>)"
            R"(<C:prop name="UID"/><C:prop name="DTSTART"/><C:prop name="DTEND"/><C:prop name="DURATION"/>)"
            R"(<C:prop name="RRULE"/><C:prop name="RDATE"/><C:prop name="EXRULE"/><C:prop name="EXDATE"/>)"
            R"(<C:prop name="RECURRENCE-ID"/></C:comp><C:comp name="VTIMEZONE"/></C:comp>)");
  EXPECT_TRUE(found.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nLAST-MODIFIED:")) << found;
  EXPECT_TRUE(
      found.ends_with("END:VTIMEZONE\r\nBEGIN:VEVENT\r\nDTSTART;TZID=US/Eastern:20060104T100000\r\n"
                      "DURATION:PT1H\r\nSUMMARY:Event #3\r\nUID:DC6C50A017428C5216A2F1CD@example.com\r\n"
                      "END:VEVENT\r\nEND:VCALENDAR\r\n"))
      << found;
}

TEST(CalendarData, WhatIsWanted) {
  const std::string task = examples::appendix_b()[3];
  const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
      {"", task, "byte for byte"},
      {R"(<C:comp name="VCALENDAR"><C:prop name="VERSION" novalue="yes"/></C:comp>)",
       "BEGIN:VCALENDAR\r\nVERSION:\r\nEND:VCALENDAR\r\n", "a name without its value"},
      {R"(<C:comp name="VCALENDAR"><C:comp name="VTODO"><C:allprop/></C:comp></C:comp>)",
       "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nDTSTAMP:20060205T235335Z\r\nDUE;VALUE=DATE:20060104\r\n"
       "STATUS:NEEDS-ACTION\r\nSUMMARY:Task #1\r\nUID:DDDEEB7915FA61233B861457@example.com\r\nEND:VTODO\r\n"
       "END:VCALENDAR\r\n",
       "without its alarm"},
      {R"(<C:comp name="VCALENDAR"><C:comp name="VEVENT"/></C:comp>)", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
       "nothing of that kind"},
      {R"(<C:expand start="20060101T000000Z" end="20070101T000000Z"/><C:limit-recurrence-set )"
       R"(start="20060101T000000Z" end="20070101T000000Z"/>)",
       "Only one of expand and limit-recurrence-set can be asked for.", "contradicting"},
  };
  for (const auto& [data, expected, why] : cases) EXPECT_EQ(shown(task, data), expected) << why;
}

}  // namespace
}  // namespace kontor::dav
