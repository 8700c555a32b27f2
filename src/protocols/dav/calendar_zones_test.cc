// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/calendar_zones.h"

#include <gtest/gtest.h>

#include "formats/icalendar/calendar.h"
#include "protocols/dav/dav_fixture.h"

namespace kontor::dav {
namespace {

const std::string kZonedHome = "/dav/calendars/ada@example.org/";
const std::string kZoned = kZonedHome + "calendar/";

std::string own_zone_rules(const std::string& id) {
  return "BEGIN:VTIMEZONE\r\nTZID:" + id +
         "\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0130\r\nTZOFFSETTO:+0130\r\nEND:STANDARD\r\n"
         "END:VTIMEZONE\r\n";
}

std::string zoned_event(const std::string& uid, const std::string& zones, const std::string& id) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + zones + "BEGIN:VEVENT\r\nUID:" + uid +
         "\r\nDTSTAMP:20231101T000000Z\r\nDTSTART;TZID=" + id + ":20231201T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
}

class CalendarZonesTest : public DavTest {
 protected:
  void SetUp() override {
    DavTest::SetUp();
    put("bare.ics", zoned_event("bare", "", "Europe/Berlin"));
    put("with.ics", zoned_event("with", own_zone_rules("Europe/Berlin"), "Europe/Berlin"));
    put("own.ics", zoned_event("own", own_zone_rules("Nowhere"), "Nowhere"));
    put("windows.ics", zoned_event("windows", "", "W. Europe Standard Time"));
  }
  void put(const std::string& name, const std::string& bytes) {
    const Response response = ask("PUT", kZoned + name, bytes, {{"Content-Type", "text/calendar"}});
    ASSERT_EQ(response.status, 201U) << name << response.body;
  }
  Response get(const std::string& name, const std::string& zones, Headers headers = {}) {
    if (!zones.empty()) headers.emplace_back("caldav-timezones", zones);
    return ask("GET", kZoned + name, "", std::move(headers));
  }
  static std::size_t zones_in(const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find("BEGIN:VTIMEZONE", at)) != std::string::npos; ++at) ++count;
    return count;
  }
};

TEST_F(CalendarZonesTest, AreLeftOutOrPutInAsAsked) {
  for (const auto& [name, stored, in, out] : {std::tuple{"bare.ics", 0U, 1U, 0U},
                                              {"with.ics", 1U, 1U, 0U},
                                              {"own.ics", 1U, 1U, 1U},
                                              {"windows.ics", 0U, 1U, 0U}}) {
    EXPECT_EQ(zones_in(get(name, "").body), stored) << name;
    EXPECT_EQ(zones_in(get(name, "T").body), in) << name;
    EXPECT_EQ(zones_in(get(name, "F").body), out) << name;
    EXPECT_EQ(header(get(name, "T"), "ETag"), header(get(name, ""), "ETag")) << "it is the same item: " << name;
    EXPECT_EQ(header(get(name, "F"), "Vary"), "CalDAV-Timezones") << name;
  }
  EXPECT_EQ(get("with.ics", "T").body, zoned_event("with", own_zone_rules("Europe/Berlin"), "Europe/Berlin"));
  const std::string windows = get("windows.ics", "T").body;
  EXPECT_NE(windows.find("TZID:W. Europe Standard Time\r\n"), std::string::npos) << windows;
  const auto read = icalendar::read(get("bare.ics", "T").body);
  ASSERT_TRUE(read);
  const auto zone = icalendar::zone_of_rules(read->calendars.front().components.front());
  ASSERT_TRUE(zone);
  EXPECT_EQ((*zone)->offset_at(Instant(std::chrono::sys_days(std::chrono::year(2040) / 7 / 1))), std::chrono::hours(2));
}

TEST_F(CalendarZonesTest, ConditionsHoldWhateverIsAsked) {
  const std::string etag = header(get("bare.ics", ""), "ETag");
  EXPECT_EQ(get("bare.ics", "T", {{"If-None-Match", etag}}).status, 304U);
  EXPECT_EQ(get("bare.ics", "T", {{"If-Match", "\"other\""}}).status, 412U);
  const Response head = ask("HEAD", kZoned + "bare.ics", "", {{"caldav-timezones", "T"}});
  EXPECT_EQ(head.length, get("bare.ics", "T").body.size());
  EXPECT_TRUE(head.body.empty());
}

TEST_F(CalendarZonesTest, OfReports) {
  const std::string body =
      "<C:calendar-multiget xmlns:C=\"urn:ietf:params:xml:ns:caldav\" "
      "xmlns:D=\"DAV:\"><D:prop><C:calendar-data/></D:prop>"
      "<D:href>" +
      kZoned + "bare.ics</D:href><D:href>" + kZoned + "with.ics</D:href><D:href>" + kZoned +
      "own.ics</D:href></C:calendar-multiget>";
  EXPECT_EQ(zones_in(ask("REPORT", kZoned, body, {{"Depth", "1"}}).body), 2U);
  EXPECT_EQ(zones_in(ask("REPORT", kZoned, body, {{"Depth", "1"}, {"caldav-timezones", "T"}}).body), 3U);
  EXPECT_EQ(zones_in(ask("REPORT", kZoned, body, {{"Depth", "1"}, {"caldav-timezones", "F"}}).body), 1U);
}

TEST_F(CalendarZonesTest, OfWhatAnAttachmentMakes) {
  const auto add = [&](const std::string& zones) {
    return zones_in(
        ask("POST", kZoned + "bare.ics?action=attachment-add", "text",
            {{"Content-Type", "text/plain"}, {"Prefer", "return=representation"}, {"caldav-timezones", zones}})
            .body);
  };
  EXPECT_EQ(add("T"), 1U);
  EXPECT_EQ(add("F"), 0U);
}

TEST_F(CalendarZonesTest, AreAnnounced) {
  EXPECT_NE(header(ask("OPTIONS", kZonedHome), "DAV").find("calendar-no-timezone"), std::string::npos);
  const auto asked = [&](const std::string& path) {
    return ask("PROPFIND", path,
               "<D:propfind xmlns:D=\"DAV:\" "
               "xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:prop><C:timezone-service-set/>"
               "</D:prop></D:propfind>",
               {{"Depth", "0"}})
        .body;
  };
  EXPECT_NE(asked(kZonedHome).find("://dav.example.org/timezones</D:href></C:timezone-service-set>"), std::string::npos)
      << asked(kZonedHome);
}

TEST_F(CalendarZonesTest, OfACalendarAreToldAlike) {
  const std::string spaces = "xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"";
  const auto set = [&](const std::string& property) {
    return ask("PROPPATCH", kZoned,
               "<D:propertyupdate " + spaces + "><D:set><D:prop>" + property + "</D:prop></D:set></D:propertyupdate>")
        .body;
  };
  const auto both = [&] {
    return ask("PROPFIND", kZoned,
               "<D:propfind " + spaces +
                   "><D:prop><C:calendar-timezone/><C:calendar-timezone-id/></D:prop></D:propfind>",
               {{"Depth", "0"}})
        .body;
  };
  set("<C:calendar-timezone-id>America/New_York</C:calendar-timezone-id>");
  EXPECT_NE(both().find("TZID:America/New_York"), std::string::npos) << both();
  for (const char* id : {"W. Europe Standard Time", "Nowhere"}) {
    set("<C:calendar-timezone>BEGIN:VCALENDAR&#13;\nVERSION:2.0&#13;\nPRODID:x&#13;\n" + own_zone_rules(id) +
        "END:VCALENDAR&#13;\n</C:calendar-timezone>");
    EXPECT_NE(both().find(std::string("<C:calendar-timezone-id>") + id + "</"), std::string::npos) << both();
  }
  // The day of the zones: what was there stays.
  EXPECT_NE(set("<C:calendar-timezone-id>Mars/Olympus</C:calendar-timezone-id>").find("valid-timezone"),
            std::string::npos);
}

}  // namespace
}  // namespace kontor::dav
