// SPDX-License-Identifier: AGPL-3.0-or-later
// Alarms and TRANSP of those with whom a calendar is shared, as their programs see them.
#include <gtest/gtest.h>

#include "groupware/scheduling/scheduler.h"
#include "protocols/dav/dav_fixture.h"

namespace kontor::dav {
namespace {

namespace right = groupware::right;

const std::string kNames = R"( xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav")";
const std::string kHostHome = "/dav/calendars/ada@example.org/", kGuestHome = "/dav/calendars/ben@example.org/";
const std::string kItem = kHostHome + "calendar/a.ics";
const std::string kHostAlarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:host\r\nTRIGGER:-PT30M\r\nEND:VALARM\r\n";
const std::string kGuestAlarm =
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:guest\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n";

std::string lunch(const std::string& lines) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nUID:lunch\r\nDTSTAMP:20231101T000000Z\r\n"
         "DTSTART:20231201T100000Z\r\nDTEND:20231201T110000Z\r\nSUMMARY:Lunch\r\n" +
         lines + "END:VEVENT\r\nEND:VCALENDAR\r\n";
}

class DavOwnPartsTest : public DavTest {
 protected:
  void SetUp() override {
    DavTest::SetUp();
    share(right::kEditor & ~right::kDeleteFolder);
    ASSERT_EQ(ask("PUT", kItem, lunch(kHostAlarm)).status, 201U);
  }
  void share(std::uint32_t rights) {
    const auto account = open(ada);
    grant(*account, by_role(*account, groupware::FolderRole::calendar), ben, rights);
  }
  std::string mount() {
    const std::string body = ask("PROPFIND", kGuestHome, "", {{"Depth", "1"}}, ben).body;
    const auto at = body.find("shared-");
    return at == std::string::npos ? "" : kGuestHome + body.substr(at, body.find('<', at) - at);
  }
  std::string text(PrincipalId who, const std::string& path = kItem) { return ask("GET", path, "", {}, who).body; }
  std::string report(const std::string& what, PrincipalId who) {
    return ask("REPORT", kHostHome + "calendar/", what, {{"Depth", "1"}}, who).body;
  }
  // What the query finds by an alarm that goes off then.
  std::string with_alarm(const std::string& from, const std::string& to, PrincipalId who) {
    return report("<C:calendar-query" + kNames +
                      "><D:prop><D:getetag/><C:calendar-data><C:comp name='VCALENDAR'><C:comp name='VEVENT'>"
                      "<C:prop name='SUMMARY'/><C:comp name='VALARM'><C:allprop/></C:comp></C:comp></C:comp>"
                      "</C:calendar-data></D:prop><C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter "
                      "name='VEVENT'><C:comp-filter name='VALARM'><C:time-range start='" +
                      from + "' end='" + to +
                      "'/></C:comp-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>",
                  who);
  }
};

TEST_F(DavOwnPartsTest, EachSeesAndChangesHisOwn) {
  const std::string at = mount() + "a.ics";
  EXPECT_FALSE(text(ben, at).contains("VALARM"));
  const Response put = ask("PUT", at, lunch(kGuestAlarm), {}, ben);
  EXPECT_EQ(put.status, 204U) << put.body;
  EXPECT_EQ(header(put, "ETag"), "") << "what is stored is not what was put";
  EXPECT_TRUE(text(ben, at).contains("guest") && !text(ben, at).contains("host"));
  EXPECT_TRUE(text(ada).contains("host") && !text(ada).contains("guest"));
  EXPECT_EQ(text(ben, at), text(ben)) << "by whatever path";
  // What all share is changed for all, the alarms for nobody else.
  EXPECT_EQ(ask("PUT", at, lunch("LOCATION:Roof\r\n" + kGuestAlarm), {}, ben).status, 204U);
  EXPECT_TRUE(text(ada).contains("Roof") && text(ada).contains("host") && !text(ada).contains("guest")) << text(ada);
  EXPECT_EQ(ask("PUT", kItem, lunch("LOCATION:Hall\r\n")).status, 204U);
  EXPECT_TRUE(text(ben).contains("Hall") && text(ben).contains("guest")) << text(ben);
  expect_sound();
}

TEST_F(DavOwnPartsTest, ReadersKeepAlarmsAndChangeNothingElse) {
  share(right::kReader);
  EXPECT_EQ(ask("PUT", kItem, lunch(kGuestAlarm), {}, ben).status, 204U);
  EXPECT_TRUE(text(ben).contains("guest"));
  EXPECT_EQ(ask("PUT", kItem, lunch("LOCATION:Roof\r\n" + kGuestAlarm), {}, ben).status, 403U);
  EXPECT_EQ(ask("PUT", kHostHome + "calendar/b.ics", lunch(kGuestAlarm), {}, ben).status, 403U);
  EXPECT_EQ(ask("DELETE", kItem, "", {}, ben).status, 403U);
  EXPECT_TRUE(text(ada).contains("host") && !text(ada).contains("Roof"));
  share(right::kFreeBusy);
  EXPECT_NE(ask("PUT", kItem, lunch(kGuestAlarm), {}, ben).status, 204U);
}

TEST_F(DavOwnPartsTest, ConditionsAndSynchronizationGoByWhatOneSees) {
  const auto sync = [&](const std::string& token) {
    return report("<D:sync-collection" + kNames + "><D:sync-token>" + token +
                      "</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>",
                  ben);
  };
  const auto token_in = [](const std::string& body) {
    const auto from = body.find("<D:sync-token>") + 14;
    return body.substr(from, body.find('<', from) - from);
  };
  const std::string own = header(ask("GET", kItem, "", {}, ben), "ETag"), hosts = header(ask("GET", kItem), "ETag");
  EXPECT_NE(own, hosts);
  const std::string before = sync("");
  EXPECT_TRUE(before.contains(own.substr(1, 32))) << before;
  EXPECT_EQ(ask("PUT", kItem, lunch(kGuestAlarm), {{"If-Match", hosts}}, ben).status, 412U);
  EXPECT_EQ(ask("PUT", kItem, lunch(kGuestAlarm), {{"If-Match", own}}, ben).status, 204U);
  const std::string after = header(ask("GET", kItem, "", {}, ben), "ETag");
  EXPECT_NE(after, own);
  EXPECT_EQ(header(ask("GET", kItem), "ETag"), hosts);
  EXPECT_TRUE(sync(token_in(before)).contains(after.substr(1, 32)));
}

TEST_F(DavOwnPartsTest, QueriesLookAtTheViewersAlarms) {
  ASSERT_EQ(ask("PUT", kItem, lunch(kGuestAlarm), {}, ben).status, 204U);
  const std::string hosts = with_alarm("20231201T092500Z", "20231201T093500Z", ada);
  EXPECT_TRUE(hosts.contains("a.ics") && hosts.contains("host")) << hosts;
  EXPECT_FALSE(with_alarm("20231201T092500Z", "20231201T093500Z", ben).contains("a.ics"));
  const std::string guests = with_alarm("20231201T095000Z", "20231201T095900Z", ben);
  EXPECT_TRUE(guests.contains("a.ics") && guests.contains("guest") && !guests.contains("host")) << guests;
  EXPECT_FALSE(with_alarm("20231201T095000Z", "20231201T095900Z", ada).contains("a.ics"));
}

TEST_F(DavOwnPartsTest, ACopyHasTheAlarmsOfWhoMakesIt) {
  ASSERT_EQ(ask("PUT", kItem, lunch(kGuestAlarm), {}, ben).status, 204U);
  const std::string copy = kGuestHome + "calendar/copy.ics";
  EXPECT_EQ(ask("COPY", kItem, "", {{"Destination", copy}}, ben).status, 201U);
  EXPECT_TRUE(text(ben, copy).contains("guest") && !text(ben, copy).contains("host"));
  EXPECT_EQ(ask("DELETE", kItem).status, 204U);
  EXPECT_EQ(ask("MOVE", copy, "", {{"Destination", kItem}}, ben).status, 201U);
  EXPECT_TRUE(text(ben).contains("guest"));
  EXPECT_FALSE(text(ada).contains("VALARM")) << "nobody sets another's alarms";
  expect_sound();
}

TEST_F(DavOwnPartsTest, WhoLeavesLeavesNothing) {
  share(right::kReader);
  const std::string at = mount();
  ASSERT_EQ(ask("PUT", at + "a.ics", lunch(kGuestAlarm), {}, ben).status, 204U);
  EXPECT_EQ(ask("DELETE", at, "", {}, ben).status, 204U);
  EXPECT_EQ(mount(), "");
  EXPECT_FALSE(text(ben).contains("guest"));
  EXPECT_TRUE(text(ada).contains("host")) << "the calendar is its owner's";
}

TEST_F(DavOwnPartsTest, TheOwnersTimeIsTheOwners) {
  const auto busy = [&](PrincipalId who) {
    return report("<C:free-busy-query" + kNames +
                      "><C:time-range start='20231201T000000Z' end='20231202T000000Z'/></C:free-busy-query>",
                  who)
        .contains("FREEBUSY");
  };
  ASSERT_EQ(ask("PUT", kItem, lunch("TRANSP:TRANSPARENT\r\n"), {}, ben).status, 204U);
  EXPECT_TRUE(text(ben).contains("TRANSPARENT"));
  EXPECT_FALSE(text(ada).contains("TRANSPARENT"));
  EXPECT_TRUE(busy(ada) && busy(ben));
}

TEST_F(DavOwnPartsTest, WhatIsSharedTakesAGuestsTimeIfHeSaysSo) {
  const auto busy = [&](PrincipalId who) {
    const Response told =
        ask("REPORT", kGuestHome,
            "<C:free-busy-query" + kNames +
                "><C:time-range start='20231201T000000Z' end='20231202T000000Z'/></C:free-busy-query>",
            {{"Depth", "1"}}, who);
    EXPECT_EQ(told.status, 200U) << told.body;
    return told.body.contains("FREEBUSY:20231201T100000Z") || told.body.contains("T100000Z/");
  };
  const auto say = [&](const std::string& how) {
    return ask("PROPPATCH", mount(),
               "<D:propertyupdate" + kNames + "><D:set><D:prop><C:schedule-calendar-transp><C:" + how +
                   "/></C:schedule-calendar-transp></D:prop></D:set></D:propertyupdate>",
               {}, ben)
        .body;
  };
  const auto said = [&](const std::string& path, PrincipalId who) {
    return ask("PROPFIND", path,
               "<D:propfind" + kNames + "><D:prop><C:schedule-calendar-transp/></D:prop></D:propfind>",
               {{"Depth", "0"}}, who)
        .body;
  };
  EXPECT_FALSE(busy(ben));
  EXPECT_TRUE(said(mount(), ben).contains("transparent"));
  EXPECT_TRUE(say("opaque").contains(" 200 "));
  EXPECT_TRUE(said(mount(), ben).contains("opaque"));
  EXPECT_TRUE(said(kHostHome + "calendar/", ada).contains("opaque")) << "his saying is not hers";
  EXPECT_TRUE(busy(ben));
  ASSERT_EQ(ask("PUT", kItem, lunch("TRANSP:TRANSPARENT\r\n"), {}, ben).status, 204U);
  EXPECT_FALSE(busy(ben)) << "by his own TRANSP";
  ASSERT_EQ(ask("PUT", kItem, lunch(""), {}, ben).status, 204U);
  ASSERT_EQ(ask("PUT", kItem, lunch("CLASS:PRIVATE\r\n")).status, 204U);
  EXPECT_FALSE(busy(ben)) << "what he cannot see takes no time of his";
  ASSERT_EQ(ask("PUT", kItem, lunch("")).status, 204U);
  EXPECT_TRUE(busy(ben));
  share(right::kFreeBusy);
  EXPECT_FALSE(busy(ben)) << "nor what he may not read";
  share(right::kReader);
  EXPECT_TRUE(say("transparent").contains(" 200 "));
  EXPECT_FALSE(busy(ben));
}

TEST_F(DavOwnPartsTest, AnAlarmIsToldToNobody) {
  groupware::Scheduler keeper(groupware::Scheduler::Services{*accounts, *directory, clock});
  scheduler = &keeper;
  const PrincipalId eve = add_user("eve@example.org");
  const std::string people =
      "ORGANIZER:mailto:ada@example.org\r\nATTENDEE:mailto:ada@example.org\r\nATTENDEE:mailto:eve@example.org\r\n";
  ASSERT_EQ(ask("PUT", kItem, lunch(people + kHostAlarm)).status, 204U);
  const std::string tag = header(ask("GET", kItem), "Schedule-Tag");
  const Modseq eves = open(eve)->modseq();
  const std::string asked = lunch(people + "SEQUENCE:4\r\n" + kGuestAlarm);
  EXPECT_EQ(ask("PUT", kItem, asked, {{"If-Schedule-Tag-Match", "\"other\""}}, ben).status, 412U);
  EXPECT_EQ(ask("PUT", kItem, asked, {{"If-Schedule-Tag-Match", tag}}, ben).status, 204U);
  EXPECT_EQ(header(ask("GET", kItem, "", {}, ben), "Schedule-Tag"), tag);
  EXPECT_EQ(header(ask("GET", kItem), "Schedule-Tag"), tag);
  EXPECT_FALSE(text(ada).contains("SEQUENCE"));
  EXPECT_EQ(open(eve)->modseq(), eves);
  EXPECT_EQ(ask("PUT", kItem, lunch("LOCATION:Roof\r\n" + people + kGuestAlarm), {}, ben).status, 204U);
  EXPECT_GT(open(eve)->modseq(), eves) << "what concerns her she is told";
  EXPECT_TRUE(text(ada).contains("host"));
  expect_sound();
}

TEST_F(DavOwnPartsTest, WhatIsNoAlarmIsRefused) {
  EXPECT_EQ(ask("PUT", kItem, lunch("BEGIN:VALARM\r\nEND:VALARM\r\n"), {}, ben).status,
            ask("PUT", kItem, lunch("BEGIN:VALARM\r\nEND:VALARM\r\n")).status);
  std::string many;
  for (int i = 0; i < 2000; ++i) many += kGuestAlarm;
  const Response refused = ask("PUT", kItem, lunch(many), {}, ben);
  EXPECT_EQ(refused.status, 403U);
  EXPECT_TRUE(refused.body.contains("max-resource-size")) << refused.body;
}

}  // namespace
}  // namespace kontor::dav
