// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "protocols/dav/calendar.h"
#include "protocols/dav/dav_fixture.h"

namespace kontor::dav {
namespace {

const std::string kOwnCalendar = "/dav/calendars/ada@example.org/calendar/";
constexpr std::string_view kQueryNames = R"(xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav")";

std::string item(std::string_view kind, std::string_view uid, std::string_view inner) {
  return fmt::format(
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:{0}\r\nUID:{1}\r\n{2}END:{0}\r\nEND:VCALENDAR\r\n", kind,
      uid, inner);
}

class CalendarQueryTest : public DavTest {
 protected:
  // A calendar that takes all kinds.
  void SetUp() override {
    DavTest::SetUp();
    let_calendar_take_all();
  }
  unsigned put(const std::string& name, const std::string& body) {
    return ask("PUT", kOwnCalendar + name, body, {{"Content-Type", "text/calendar"}}).status;
  }

  // The names of what is found: "a b".
  std::string found(std::string_view component, std::string_view time, std::string_view more = "",
                    PrincipalId who = {}) {
    const std::string range = time.empty() ? "" : fmt::format("<C:time-range {}/>", time);
    const Response response = ask(
        "REPORT", kOwnCalendar,
        fmt::format(R"(<C:calendar-query {}><D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name="VCALENDAR">)"
                    R"(<C:comp-filter name="{}">{}{}</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>)",
                    kQueryNames, component, range, more),
        {{"Depth", "1"}}, who);
    if (response.status != 207) return std::to_string(response.status);
    std::vector<std::string> names;
    for (std::size_t at = 0; (at = response.body.find("<D:href>", at)) != std::string::npos;) {
      const std::size_t end = response.body.find(".ics</D:href>", at);
      const std::size_t begin = response.body.rfind('/', end - 1) + 1;
      names.push_back(response.body.substr(begin, end - begin));
      at = end;
    }
    std::ranges::sort(names);
    return fmt::format("{}", fmt::join(names, " "));
  }
};

TEST_F(CalendarQueryTest, IndexAndContentSayTheSame) {
  const std::tuple<std::string, std::string, std::string> items[] = {
      {"day", "VEVENT", "DTSTART;VALUE=DATE:20260204\r\n"},
      {"moment", "VEVENT", "DTSTART:20260204T100000Z\r\n"},
      {"hour", "VEVENT", "DTSTART:20260204T100000Z\r\nDURATION:PT1H\r\n"},
      {"zoned", "VEVENT", "DTSTART;TZID=Europe/Berlin:20260204T100000\r\nDURATION:PT1H\r\n"},
      {"long", "VEVENT", "DTSTART:20251201T100000Z\r\nDTEND:20260301T100000Z\r\n"},
      {"weekly", "VEVENT", "DTSTART:20250101T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY\r\n"},
      {"ended", "VEVENT", "DTSTART:20250101T100000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n"},
      {"due", "VTODO", "DUE:20260204T100000Z\r\n"},
      {"undated", "VTODO", "SUMMARY:Some day\r\n"},
      {"made", "VTODO", "CREATED:20260210T000000Z\r\n"},
      {"note", "VJOURNAL", "DTSTART;VALUE=DATE:20260204\r\n"},
  };
  for (const auto& [uid, kind, inner] : items) ASSERT_EQ(put(uid + ".ics", item(kind, uid, inner)), 201U) << uid;
  const std::string_view never = R"(<C:prop-filter name="X-NONE"><C:is-not-defined/></C:prop-filter>)";  // always true
  const std::tuple<std::string, std::string, std::string, std::string> cases[] = {
      {"VEVENT", "", "day ended hour long moment weekly zoned", "the kind alone"},
      {"VTODO", "", "due made undated", "tasks"},
      {"VJOURNAL", "", "note", "notes"},
      {"VFREEBUSY", "", "", "none"},
      {"VEVENT", R"(start="20260204T000000Z" end="20260205T000000Z")", "day hour long moment weekly zoned", "a day"},
      {"VEVENT", R"(start="20260204T103000Z" end="20260204T110000Z")", "day hour long weekly", "half an hour"},
      {"VEVENT", R"(start="20260204T100000Z" end="20260204T100001Z")", "day hour long moment weekly", "a second"},
      {"VEVENT", R"(start="20260204T090000Z" end="20260204T100000Z")", "day long zoned", "the hour before"},
      {"VEVENT", R"(start="20260302T000000Z")", "weekly", "from then on"},
      {"VEVENT", R"(end="20250101T100001Z")", "ended weekly", "until then"},
      {"VTODO", R"(start="20260204T090000Z" end="20260204T100000Z")", "due undated", "its end is part of it"},
      {"VTODO", R"(start="20260301T000000Z" end="20260302T000000Z")", "made undated", "what has no time"},
      {"VJOURNAL", R"(start="20260204T230000Z" end="20260205T000000Z")", "note", "all day long"},
      {"VJOURNAL", R"(start="20260205T000000Z" end="20260206T000000Z")", "", "and no longer"},
  };
  for (const auto& [component, time, expected, why] : cases) {
    EXPECT_EQ(found(component, time), expected) << why;
    EXPECT_EQ(found(component, time, never), expected) << why << ", every content read";
  }
  EXPECT_EQ(found("VEVENT", "", R"(<C:prop-filter name="UID"><C:text-match>WEEK</C:text-match></C:prop-filter>)"),
            "weekly");
}

// The same by the way of those who have not all rights.
TEST_F(CalendarQueryTest, OthersFindWhatTheyMaySee) {
  const auto account = open(ada);
  const FolderId calendar = by_role(*account, groupware::FolderRole::calendar);
  groupware::must(account->update(as(ada), [&](groupware::Transaction& transaction) {
    groupware::Transaction::FolderChange change;
    change.grants = {{ben, groupware::right::kRead}};
    return transaction.change_folder(calendar, change);
  }));
  for (const auto& [uid, kind, inner] :
       {std::tuple("open", "VEVENT", "DTSTART:20260204T100000Z\r\n"),
        std::tuple("secret", "VEVENT", "DTSTART:20260204T100000Z\r\nCLASS:PRIVATE\r\n"),
        std::tuple("task", "VTODO", "DUE:20260204T100000Z\r\n")})
    ASSERT_EQ(put(uid + std::string(".ics"), item(kind, uid, inner)), 201U) << uid;
  for (const std::string_view time : {"", R"(start="20260204T000000Z" end="20260205T000000Z")"}) {
    EXPECT_EQ(found("VEVENT", time), "open secret");
    EXPECT_EQ(found("VEVENT", time, "", ben), "open");
    EXPECT_EQ(found("VTODO", time, "", ben), "task");
  }
}

TEST_F(CalendarQueryTest, AUidIsThereOnce) {
  const std::string event = item("VEVENT", "1", "DTSTART:20260204T100000Z\r\n");
  ASSERT_EQ(put("a.ics", event), 201U);
  EXPECT_EQ(put("a.ics", event), 204U) << "again";
  for (const auto& [name, body, why] :
       {std::tuple("b.ics", event, "elsewhere"),
        std::tuple("a.ics", item("VEVENT", "2", "DTSTART:20260204T100000Z\r\n"), "another one in its place")}) {
    const Response refused = ask("PUT", kOwnCalendar + name, body, {{"Content-Type", "text/calendar"}});
    EXPECT_EQ(refused.status, 409U) << why;
    EXPECT_NE(refused.body.find("no-uid-conflict"), std::string::npos) << why;
    EXPECT_NE(refused.body.find("a.ics"), std::string::npos) << why;
  }
  const Headers there = {{"Destination", "http://dav.example.org" + kOwnCalendar + "c.ics"}};
  EXPECT_EQ(ask("COPY", kOwnCalendar + "a.ics", "", there).status, 409U) << "a copy beside it";
  EXPECT_EQ(ask("MOVE", kOwnCalendar + "a.ics", "", there).status, 201U) << "another name";
}

TEST_F(CalendarQueryTest, BusyTimesOfOthers) {
  ASSERT_EQ(put("a.ics", item("VEVENT", "1", "DTSTART:20260204T100000Z\r\nDURATION:PT1H\r\nCLASS:PRIVATE\r\n")), 201U);
  const std::string body = fmt::format(
      R"(<C:free-busy-query {}><C:time-range start="20260204T000000Z" end="20260205T000000Z"/></C:free-busy-query>)",
      kQueryNames);
  for (const std::string& path : {kOwnCalendar, std::string("/dav/calendars/ada@example.org/")}) {
    const Response own = ask("REPORT", path, body, {{"Depth", "1"}});
    EXPECT_EQ(own.status, 200U) << path;
    EXPECT_NE(own.body.find("FREEBUSY:20260204T100000Z/20260204T110000Z"), std::string::npos) << path << own.body;
  }
}

TEST_F(CalendarQueryTest, WhatIsDeclinedTakesNoTimeWhereverItIsAsked) {
  const std::string day = "DURATION:PT1H\r\nORGANIZER:mailto:ben@example.org\r\nATTENDEE;PARTSTAT=";
  ASSERT_EQ(
      put("a.ics", item("VEVENT", "1", "DTSTART:20260204T100000Z\r\n" + day + "DECLINED:mailto:ada@example.org\r\n")),
      201U);
  ASSERT_EQ(put("b.ics",
                item("VEVENT", "2", "DTSTART:20260204T120000Z\r\n" + day + "NEEDS-ACTION:mailto:ada@example.org\r\n")),
            201U);
  ASSERT_EQ(put("c.ics", item("VEVENT", "3", "DTSTART:20260204T150000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n")),
            201U);
  const std::string body = fmt::format(
      R"(<C:free-busy-query {}><C:time-range start="20260204T000000Z" end="20260205T000000Z"/></C:free-busy-query>)",
      kQueryNames);
  std::string answers[2];
  for (int i = 0; i < 2; ++i)
    answers[i] =
        ask("REPORT", i == 0 ? kOwnCalendar : std::string("/dav/calendars/ada@example.org/"), body, {{"Depth", "1"}})
            .body;
  EXPECT_EQ(answers[0], answers[1]);
  EXPECT_EQ(answers[0].find("20260204T100000Z"), std::string::npos) << answers[0];
  EXPECT_NE(answers[0].find("FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260204T120000Z/20260204T130000Z"), std::string::npos)
      << answers[0];
  EXPECT_NE(answers[0].find("FREEBUSY:20260204T150000Z/20260205T000000Z"), std::string::npos) << answers[0];
}

// RFC 7953: hours as items of a calendar.
TEST_F(CalendarQueryTest, HoursAreItemsOfACalendar) {
  const std::string home = "/dav/calendars/ada@example.org/", own = home + "hours/";
  ASSERT_EQ(
      ask("MKCALENDAR", own,
          fmt::format(
              R"(<C:mkcalendar {}><D:set><D:prop><C:supported-calendar-component-set>)"
              R"(<C:comp name="VAVAILABILITY"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>)",
              kQueryNames))
          .status,
      201U);
  const auto hours = [](std::string_view rule) {
    return fmt::format(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VAVAILABILITY\r\nUID:h\r\nDTSTAMP:20260101T000000Z\r\n"
        "BEGIN:AVAILABLE\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T080000Z\r\nDTEND:20260101T160000Z\r\n"
        "RRULE:{}\r\nEND:AVAILABLE\r\nEND:VAVAILABILITY\r\nEND:VCALENDAR\r\n",
        rule);
  };
  EXPECT_EQ(ask("PUT", own + "h.ics", hours("FREQ=OFTEN")).status, 403U);
  EXPECT_EQ(ask("PUT", kOwnCalendar + "h.ics", hours("FREQ=DAILY")).status, 403U) << "not in every calendar";
  ASSERT_EQ(ask("PUT", own + "h.ics", hours("FREQ=DAILY")).status, 201U);
  const std::string body = fmt::format(
      R"(<C:free-busy-query {}><C:time-range start="20260204T000000Z" end="20260205T000000Z"/></C:free-busy-query>)",
      kQueryNames);
  for (const std::string& path : {own, home})
    EXPECT_NE(ask("REPORT", path, body, {{"Depth", "1"}})
                  .body.find("FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260204T000000Z/20260204T080000Z\r\n"
                             "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260204T160000Z/20260205T000000Z\r\n"),
              std::string::npos)
        << path;
}

TEST_F(CalendarQueryTest, LongEventsAreNotExpandedWithoutBounds) {
  const std::string text = "DESCRIPTION:" + std::string(200'000, 'x') + "\r\n";
  ASSERT_EQ(put("a.ics", item("VEVENT", "1", "DTSTART:20260101T100000Z\r\nRRULE:FREQ=DAILY\r\n" + text)), 201U);
  const auto expanded = [&](std::string_view end) {
    return ask("REPORT", kOwnCalendar,
               fmt::format(R"(<C:calendar-multiget {}><D:prop><C:calendar-data><C:expand start="20260101T000000Z" )"
                           R"(end="{}"/></C:calendar-data></D:prop><D:href>{}a.ics</D:href></C:calendar-multiget>)",
                           kQueryNames, end, kOwnCalendar))
        .body;
  };
  const std::string week = expanded("20260108T000000Z"), year = expanded("20270101T000000Z");
  EXPECT_GT(week.size(), std::size_t{7} * 200'000);
  EXPECT_LT(year.size(), std::size_t{10'000});
  EXPECT_NE(year.find("HTTP/1.1 403"), std::string::npos);
}

TEST_F(CalendarQueryTest, PropertiesAreChecked) {
  const auto change = [&](std::string_view inner) {
    const Response response =
        ask("PROPPATCH", kOwnCalendar,
            fmt::format(R"(<D:propertyupdate {} xmlns:A="http://apple.com/ns/ical/"><D:set><D:prop>{}</D:prop></D:set>)"
                        R"(</D:propertyupdate>)",
                        kQueryNames, inner));
    return response.body.find("HTTP/1.1 200") != std::string::npos;
  };
  const std::tuple<std::string_view, bool> cases[] = {
      {"<C:calendar-timezone-id>Europe/Berlin</C:calendar-timezone-id>", true},
      {"<C:calendar-timezone-id>Middle/Earth</C:calendar-timezone-id>", false},
      {"<C:calendar-timezone>BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Europe/Paris\nEND:VTIMEZONE\nEND:VCALENDAR\n"
       "</C:calendar-timezone>",
       true},
      {"<C:calendar-timezone>Berlin</C:calendar-timezone>", false},
      {"<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>", true},
      {"<C:schedule-calendar-transp>no</C:schedule-calendar-transp>", false},
      {"<A:calendar-order>3</A:calendar-order>", true},
      {"<A:calendar-order>last</A:calendar-order>", false},
      {"<C:max-resource-size>1</C:max-resource-size>", false},
      {R"(<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>)", true},
      {R"(<C:supported-calendar-component-set><C:comp name="VALARM"/></C:supported-calendar-component-set>)", false},
  };
  for (const auto& [inner, expected] : cases) EXPECT_EQ(change(inner), expected) << inner;
  ASSERT_EQ(put("a.ics", item("VEVENT", "1", "DTSTART:20260204T100000Z\r\n")), 201U);
  EXPECT_FALSE(
      change(R"(<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>)"))
      << "something is in it";
}

// RFC 7809 section 5.2: either says what the other one does.
TEST_F(CalendarQueryTest, AZoneIsToldByItsNameAndByItsRules) {
  const auto say = [&](const std::string& inner) {
    ask("PROPPATCH", kOwnCalendar,
        fmt::format(R"(<D:propertyupdate {}><D:set><D:prop>{}</D:prop></D:set></D:propertyupdate>)", kQueryNames,
                    inner));
    return ask("PROPFIND", kOwnCalendar,
               fmt::format(
                   R"(<D:propfind {}><D:prop><C:calendar-timezone/><C:calendar-timezone-id/></D:prop></D:propfind>)",
                   kQueryNames),
               {{"Depth", "0"}})
        .body;
  };
  const std::string by_name = say("<C:calendar-timezone-id>Europe/Berlin</C:calendar-timezone-id>");
  EXPECT_NE(by_name.find("BEGIN:VTIMEZONE"), std::string::npos) << by_name;
  EXPECT_NE(by_name.find("TZID:Europe/Berlin"), std::string::npos) << by_name;
  EXPECT_NE(by_name.find("<C:calendar-timezone-id>Europe/Berlin</C:calendar-timezone-id>"), std::string::npos);
  const std::string by_rules =
      say("<C:calendar-timezone>BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Romance Standard Time\nEND:VTIMEZONE\n"
          "END:VCALENDAR\n</C:calendar-timezone>");
  EXPECT_NE(by_rules.find("<C:calendar-timezone-id>Romance Standard Time</C:calendar-timezone-id>"), std::string::npos)
      << by_rules;
}

// How long a month takes in a calendar of many events: KONTOR_EVENTS=100000.
TEST_F(CalendarQueryTest, AMonthOfMany) {
  const char* const wish = std::getenv("KONTOR_EVENTS");
  const int events = wish ? std::atoi(wish) : 2'000;
  const auto account = open(ada);
  const FolderId calendar = by_role(*account, groupware::FolderRole::calendar);
  const Instant first = std::chrono::sys_days(std::chrono::year(2016) / 1 / 1);
  for (int i = 0; i < events;) {
    std::vector<groupware::NewItem> some;
    for (const int end = std::min(events, i + 1000); i < end; ++i) {
      const Instant start = first + std::chrono::hours(static_cast<std::int64_t>(i) * 87'600 / events);
      some.push_back(make_item(
          groupware::Kind::calendar,
          item("VEVENT", fmt::format("u{}", i), fmt::format("DTSTART:{:%Y%m%dT%H%M%SZ}\r\nDURATION:PT1H\r\n", start)),
          fmt::format("{}.ics", i)));
    }
    groupware::must(account->update(as(ada), [&](groupware::Transaction& transaction) -> Result<void> {
      for (const auto& one : some) TRY_VOID(transaction.add(calendar, one));
      return {};
    }));
  }
  // 744 of 87,600 hours are in that month.
  const std::tuple<std::string_view, std::string_view, double, std::string_view> cases[] = {
      {"VEVENT", R"(start="20200301T000000Z" end="20200401T000000Z")", events * 744.0 / 87'600, "a month"},
      {"VEVENT", "", events, "all"},
      {"VTODO", R"(start="20200301T000000Z")", 0, "no task"},
  };
  for (const auto& [component, time, expected, what] : cases) {
    for (int round = 0; round < 3; ++round) {
      const auto began = std::chrono::steady_clock::now();
      const std::string names = found(component, time);
      const auto took = std::chrono::steady_clock::now() - began;
      const auto count = names.empty() ? 0 : std::ranges::count(names, ' ') + 1;
      EXPECT_NEAR(static_cast<double>(count), expected, expected > 0 ? 2 : 0) << what;
      if (wish) fmt::print("{}: {} µs\n", what, std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    }
  }
}

}  // namespace
}  // namespace kontor::dav
