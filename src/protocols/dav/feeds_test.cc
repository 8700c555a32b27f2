// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/feeds.h"

#include <gtest/gtest.h>

#include "groupware/calendar/feeds.h"
#include "protocols/dav/dav_fixture.h"

namespace kontor::dav {
namespace {

const std::string kFeedHome = "/dav/calendars/ada@example.org/";
const std::string kFeedSpaces =
    "xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" xmlns:CS=\"http://calendarserver.org/ns/\" "
    "xmlns:A=\"http://apple.com/ns/ical/\"";

class DavFeedsTest : public DavTest {
 protected:
  Response make(const std::string& path, const std::string& types, const std::string& properties) {
    return ask("MKCOL", path,
               "<D:mkcol " + kFeedSpaces + "><D:set><D:prop><D:resourcetype><D:collection/>" + types +
                   "</D:resourcetype>" + properties + "</D:prop></D:set></D:mkcol>",
               {{"Content-Type", "application/xml"}});
  }
  std::string found(const std::string& path, const std::string& properties, PrincipalId who = {}) {
    return ask("PROPFIND", path, "<D:propfind " + kFeedSpaces + "><D:prop>" + properties + "</D:prop></D:propfind>",
               {{"Depth", "0"}}, who)
        .body;
  }
  unsigned patch(const std::string& path, const std::string& properties, std::string& body) {
    const Response response = ask(
        "PROPPATCH", path,
        "<D:propertyupdate " + kFeedSpaces + "><D:set><D:prop>" + properties + "</D:prop></D:set></D:propertyupdate>");
    body = response.body;
    return response.status;
  }
};

TEST_F(DavFeedsTest, AreMadeAsClientsAsk) {
  const std::string source = "<CS:source><D:href>webcal://ada:secret@example.com/h.ics</D:href></CS:source>";
  EXPECT_EQ(make(kFeedHome + "none/", "<CS:subscribed/>", "").status, 403U) << "a subscription of nothing";
  EXPECT_EQ(make(kFeedHome + "bad/", "<CS:subscribed/>", "<CS:source><D:href>file:///etc</D:href></CS:source>").status,
            424U);
  EXPECT_EQ(ask("PROPFIND", kFeedHome + "bad/").status, 404U) << "all or nothing";
  // What is said of it may stand before it.
  const Response made = make(kFeedHome + "h/", "<CS:subscribed/>",
                             "<A:refreshrate>P1D</A:refreshrate><CS:subscribed-strip-todos/>" + source);
  ASSERT_EQ(made.status, 201U) << made.body;
  const std::string text = found(kFeedHome + "h/",
                                 "<D:resourcetype/><CS:source/><A:refreshrate/><CS:subscribed-strip-todos/>"
                                 "<CS:subscribed-strip-alarms/><D:current-user-privilege-set/>");
  for (const char* part : {"<CS:subscribed/>", "<C:calendar/>", "https://ada:secret@example.com/h.ics", "PT86400S",
                           "<CS:subscribed-strip-todos/>"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  EXPECT_EQ(text.find("<D:bind/>"), std::string::npos) << "nothing can be put there";
  const std::string event =
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20231101T000000Z\r\n"
      "DTSTART:20231201T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
  EXPECT_EQ(ask("PUT", kFeedHome + "h/a.ics", event).status, 403U);
  const auto feeds = groupware::must(accounts->feeds(open(ada)->id()));
  ASSERT_EQ(feeds.size(), 1U);
  EXPECT_TRUE(feeds[0].settings.strips_todos);
  EXPECT_EQ(feeds[0].next, clock.now()) << "it is fetched at once";
  std::string body;
  EXPECT_EQ(patch(kFeedHome + "h/", "<A:refreshrate>soon</A:refreshrate>", body), 207U);
  EXPECT_NE(body.find("409"), std::string::npos);
  EXPECT_EQ(patch(kFeedHome + "calendar/", "<A:refreshrate>P1D</A:refreshrate>", body), 207U);
  EXPECT_NE(body.find("409"), std::string::npos) << "it has no source";
  EXPECT_EQ(ask("COPY", kFeedHome + "h/", "", {{"Destination", kFeedHome + "copy/"}}).status, 201U);
  EXPECT_EQ(found(kFeedHome + "copy/", "<D:resourcetype/>").find("subscribed"), std::string::npos);
  EXPECT_EQ(ask("DELETE", kFeedHome + "h/").status, 204U);
  EXPECT_TRUE(groupware::must(accounts->feeds(open(ada)->id())).empty());
  expect_sound();
}

TEST_F(DavFeedsTest, SourcesAreTheirOwners) {
  ASSERT_EQ(
      make(kFeedHome + "h/", "<C:calendar/>", "<CS:source><D:href>https://example.com/key</D:href></CS:source>").status,
      201U);
  const auto account = open(ada);
  const FolderId folder = groupware::must(accounts->feeds(account->id()))[0].folder;
  grant(*account, folder, ben, groupware::right::kEditor);
  const std::string text = found(kFeedHome + "h/", "<CS:source/><D:resourcetype/>", ben);
  EXPECT_NE(text.find("<CS:subscribed/>"), std::string::npos) << text;
  EXPECT_EQ(text.find("example.com/key"), std::string::npos);
}

TEST_F(DavFeedsTest, DefaultAlarmsAreKept) {
  const std::string alarm = "BEGIN:VALARM&#13;\nACTION:AUDIO&#13;\nTRIGGER:-PT15M&#13;\nEND:VALARM&#13;\n";
  std::string body;
  for (const std::string& path : {kFeedHome, kFeedHome + "calendar/"}) {
    EXPECT_EQ(patch(path,
                    "<C:default-alarm-vevent-datetime>" + alarm + "</C:default-alarm-vevent-datetime>" +
                        "<C:default-alarm-vevent-date/>",
                    body),
              207U);
    EXPECT_EQ(body.find("40"), std::string::npos) << body;
    const std::string text = found(path,
                                   "<C:default-alarm-vevent-datetime/><C:default-alarm-vevent-date/>"
                                   "<C:default-alarm-vtodo-date/>");
    EXPECT_NE(text.find("TRIGGER:-PT15M"), std::string::npos) << text;
    EXPECT_NE(text.find("<C:default-alarm-vevent-date/>"), std::string::npos) << "nothing is not absent: " << text;
    EXPECT_NE(text.find("404"), std::string::npos) << "the other was never set";
    patch(path, "<C:default-alarm-vtodo-date>BEGIN:VEVENT\nEND:VEVENT</C:default-alarm-vtodo-date>", body);
    EXPECT_NE(body.find("valid-calendar-data"), std::string::npos) << body;
  }
  EXPECT_NE(found(kFeedHome, "<C:default-alarm-vevent-datetime/>").find("PT15M"), std::string::npos);
  expect_sound();
}

TEST_F(DavFeedsTest, DefaultAlarmsAreEachOnesOwn) {
  const auto account = open(ada);
  grant(*account, by_role(*account, groupware::FolderRole::calendar), ben, groupware::right::kAll);
  const std::string path = kFeedHome + "calendar/", name = "<C:default-alarm-vevent-datetime/>";
  const auto set = [&](const std::string& trigger, PrincipalId who) {
    return ask("PROPPATCH", path,
               "<D:propertyupdate " + kFeedSpaces +
                   "><D:set><D:prop><C:default-alarm-vevent-datetime>BEGIN:VALARM&#13;\nACTION:DISPLAY&#13;\nTRIGGER:" +
                   trigger + "&#13;\nEND:VALARM</C:default-alarm-vevent-datetime></D:prop></D:set></D:propertyupdate>",
               {}, who)
        .body;
  };
  EXPECT_NE(set("-PT15M", ada).find("200"), std::string::npos);
  EXPECT_NE(found(path, name, ben).find("404"), std::string::npos) << "the owner's is not his";
  EXPECT_NE(set("-PT1H", ben).find("200"), std::string::npos);
  EXPECT_NE(found(path, name, ben).find("TRIGGER:-PT1H"), std::string::npos);
  EXPECT_NE(found(path, name, ada).find("TRIGGER:-PT15M"), std::string::npos);
  EXPECT_NE(set("19980101T000000Z", ada).find("valid-calendar-data"), std::string::npos) << "not for all events";
  expect_sound();
}

}  // namespace
}  // namespace kontor::dav
