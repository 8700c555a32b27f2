// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/calendar_limits.h"

#include <gtest/gtest.h>

#include "protocols/dav/dav_fixture.h"

namespace kontor::dav {
namespace {

const std::string kLimited = "/dav/calendars/ada@example.org/calendar/";

std::string limited_event(const std::string& lines) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20231101T000000Z\r\n" + lines +
         "END:VEVENT\r\nEND:VCALENDAR\r\n";
}

class CalendarLimitsTest : public DavTest {
 protected:
  // "201", or "403" with the precondition that did not hold.
  std::string put(const std::string& bytes, const std::string& name = "a.ics") {
    const Response response = ask("PUT", kLimited + name, bytes, {{"Content-Type", "text/calendar"}});
    const auto at = response.body.find("<C:");
    if (response.status != 403 || at == std::string::npos) return std::to_string(response.status);
    return "403 " + response.body.substr(at + 3, response.body.find_first_of("/> ", at + 3) - at - 3);
  }
  std::string report(const std::string& start, const std::string& end) {
    return ask("REPORT", kLimited,
               "<C:calendar-query xmlns:C=\"urn:ietf:params:xml:ns:caldav\" "
               "xmlns:D=\"DAV:\"><D:prop><D:getetag/></D:prop>"
               "<C:filter><C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\"><C:time-range start=\"" +
                   start + "\" end=\"" + end + "\"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>",
               {{"Depth", "1"}})
        .body;
  }
};

TEST_F(CalendarLimitsTest, AreTold) {
  const std::string text =
      ask("PROPFIND", kLimited,
          "<D:propfind xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:prop><C:max-instances/>"
          "<C:min-date-time/><C:max-date-time/><C:max-attendees-per-instance/><C:max-resource-size/></D:prop></"
          "D:propfind>",
          {{"Depth", "0"}})
          .body;
  for (const char* part :
       {"<C:max-instances>3000000</C:max-instances>", "<C:min-date-time>00010101T000000Z</C:min-date-time>",
        "<C:max-date-time>99991231T235959Z</C:max-date-time>",
        "<C:max-attendees-per-instance>2000</C:max-attendees-per-instance>", "<C:max-resource-size>"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
}

TEST_F(CalendarLimitsTest, OfInstances) {
  const std::string start = "DTSTART:20231201T100000Z\r\n";
  EXPECT_EQ(put(limited_event(start + "RRULE:FREQ=MINUTELY;COUNT=3000001\r\n")), "403 max-instances");
  EXPECT_EQ(put(limited_event(start + "RRULE:FREQ=SECONDLY;UNTIL=20240201T100000Z\r\n")), "403 max-instances");
  EXPECT_EQ(put(limited_event(start + "RRULE:FREQ=MINUTELY;COUNT=3000000\r\n")), "201");
  EXPECT_EQ(put(limited_event(start + "RRULE:FREQ=DAILY;UNTIL=99991231T235959Z\r\n")), "204")
      << "as others say: always";
  EXPECT_EQ(put(limited_event(start + "RRULE:FREQ=SECONDLY\r\n")), "204") << "that has no end to be told";
  EXPECT_EQ(put(limited_event(start + "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=100000\r\n")), "204")
      << "it takes place seldom";
}

TEST_F(CalendarLimitsTest, OfTimes) {
  EXPECT_EQ(put(limited_event("DTSTART:00000101T100000Z\r\n")), "403 min-date-time");
  EXPECT_EQ(put(limited_event("DTSTART;VALUE=DATE:20231201\r\nRDATE;VALUE=DATE:20231202,00000303\r\n")),
            "403 min-date-time");
  EXPECT_EQ(put(limited_event("DTSTART:99991231T230000Z\r\nDURATION:PT2H\r\n")), "403 max-date-time");
  EXPECT_EQ(
      put(limited_event("DTSTART:20231231T230000Z\r\nDURATION:PT2H\r\nRRULE:FREQ=YEARLY;UNTIL=99991231T235959Z\r\n")),
      "403 max-date-time");
  EXPECT_EQ(put(limited_event("DTSTART:00010101T000000Z\r\nRRULE:FREQ=YEARLY;COUNT=9998\r\n")), "201");
  EXPECT_NE(report("99980101T000000Z", "99990101T000000Z").find("a.ics"), std::string::npos)
      << "the engine reckons until then";
  EXPECT_EQ(report("99990201T000000Z", "99991231T235959Z").find("a.ics"), std::string::npos);
  EXPECT_NE(report("00010101T000000Z", "00020101T000000Z").find("a.ics"), std::string::npos);
  EXPECT_NE(report("00000101T000000Z", "20230101T000000Z").find("min-date-time"), std::string::npos);
}

TEST_F(CalendarLimitsTest, OfPeople) {
  std::string people;
  for (int i = 0; i < 2001; ++i) people += "ATTENDEE:mailto:p" + std::to_string(i) + "@elsewhere.org\r\n";
  const std::string start = "DTSTART:20231201T100000Z\r\n", own = "ORGANIZER:mailto:ada@example.org\r\n";
  for (const std::string& lines : {start, start + own})
    EXPECT_EQ(put(limited_event(lines + people)), "403 max-attendees-per-instance");
  EXPECT_EQ(put(limited_event(start + own + people.substr(people.find('\n') + 1))), "201");
  EXPECT_EQ(put(limited_event(start + "ORGANIZER:mailto:x@elsewhere.org\r\n" + people)), "204")
      << "it is another's to tell them";
}

TEST_F(CalendarLimitsTest, OfComponents) {
  const auto task = [](const std::string& uid, const std::string& title) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:" + uid +
           "\r\nDTSTAMP:20231101T000000Z\r\nSUMMARY:" + title + "\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
  };
  EXPECT_EQ(put(task("t", "New")), "403 supported-calendar-component") << "the default calendar takes events";
  const auto account = open(ada);
  groupware::must(try_put(*account, by_role(*account, groupware::FolderRole::calendar),
                          make_item(groupware::Kind::calendar, task("m", "Moved in"), "m.ics")));
  EXPECT_EQ(put(task("m", "Changed"), "m.ics"), "204") << "what is there can be changed";
}

TEST_F(CalendarLimitsTest, HoldForCopiesAndMoves) {
  // As another door, or an earlier release, may have let it in.
  const auto account = open(ada);
  const FolderId other = [&] {
    FolderId made;
    groupware::must(account->update(groupware::Caller::system(), [&](groupware::Transaction& t) -> Result<void> {
      TRY(made, t.create_folder({.name = "Other", .kind = groupware::Kind::calendar}));
      return {};
    }));
    return made;
  }();
  const std::string dense = limited_event("DTSTART:20231201T100000Z\r\nRRULE:FREQ=MINUTELY;COUNT=6000000\r\n");
  groupware::must(try_put(*account, other, make_item(groupware::Kind::calendar, dense, "a.ics")));
  for (const char* method : {"COPY", "MOVE"}) {
    const Response response = ask(method, "/dav/calendars/ada@example.org/Other/a.ics", "",
                                  {{"Destination", "https://dav.example.org" + kLimited + "b.ics"}});
    EXPECT_EQ(response.status, 403U) << method << response.body;
    EXPECT_NE(response.body.find("max-instances"), std::string::npos) << method << response.body;
  }
}

}  // namespace
}  // namespace kontor::dav
