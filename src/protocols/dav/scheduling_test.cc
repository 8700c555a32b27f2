// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/scheduling.h"

#include <gtest/gtest.h>

#include "formats/icalendar/calendar.h"
#include "formats/itip/testing.h"
#include "groupware/scheduling/scheduler.h"
#include "protocols/dav/dav_fixture.h"

namespace kontor::dav {
namespace {

const std::string kAda = "/dav/calendars/ada@example.org/";
const std::string kBen = "/dav/calendars/ben@example.org/";

class DavSchedulingTest : public DavTest {
 protected:
  void SetUp() override {
    DavTest::SetUp();
    keeper = std::make_unique<groupware::Scheduler>(groupware::Scheduler::Services{*accounts, *directory, clock});
    scheduler = keeper.get();
  }

  static std::string meeting(const std::string& lines, const std::string& uid = "u1") {
    return icalendar::write(itip::calendar_of(
        "BEGIN:VEVENT\nUID:" + uid +
        "\nDTSTAMP:20231101T000000Z\nORGANIZER:mailto:ada@example.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:"
        "ada@example.org\nATTENDEE;RSVP=TRUE:mailto:ben@example.org\n" +
        lines + "\nEND:VEVENT"));
  }

  // The only object in a calendar, and its path.
  std::pair<std::string, itip::Component> only(const std::string& home, PrincipalId who) {
    const Response list = ask("PROPFIND", home + "calendar/", "", {{"Depth", "1"}}, who);
    const std::string start = "<D:href>" + home + "calendar/";
    std::string path;
    for (auto at = list.body.find(start); at != std::string::npos; at = list.body.find(start, at + 1)) {
      const auto from = at + 8;
      const std::string found = list.body.substr(from, list.body.find('<', from) - from);
      if (!found.ends_with("/")) path = found;
    }
    const Response got = ask("GET", path, "", {}, who);
    auto read = icalendar::read(got.body);
    return {path, read ? read->calendars.front() : itip::Component()};
  }
  static std::string status(const itip::Component& calendar, const std::string& address) {
    const itip::Component* part = itip::part_of(calendar);
    const itip::Property* person = part != nullptr ? itip::attendee(*part, address) : nullptr;
    return person != nullptr ? itip::status_of(*person) : "";
  }
  Response answer_with(const std::string& text, Headers headers = {}) {
    auto [path, calendar] = only(kBen, ben);
    for (itip::Component& part : calendar.components)
      if (itip::Property* self = itip::attendee(part, "ben@example.org")) itip::set_status(*self, text);
    return ask("PUT", path, icalendar::write(calendar), std::move(headers), ben);
  }

  std::unique_ptr<groupware::Scheduler> keeper;
};

const std::string kOnce = "DTSTART:20231201T100000Z\nDTEND:20231201T110000Z\nSUMMARY:Plans";

TEST_F(DavSchedulingTest, PutInvitesAndAnswers) {
  const Response put = ask("PUT", kAda + "calendar/a.ics", meeting(kOnce));
  ASSERT_EQ(put.status, 201U) << put.body;
  const std::string tag = header(put, "Schedule-Tag");
  EXPECT_FALSE(tag.empty());
  EXPECT_EQ(status(only(kBen, ben).second, "ben@example.org"), "NEEDS-ACTION");
  EXPECT_EQ(answer_with("ACCEPTED").status, 204U);
  EXPECT_EQ(status(only(kAda, ada).second, "ben@example.org"), "ACCEPTED");
  EXPECT_EQ(header(ask("GET", kAda + "calendar/a.ics"), "Schedule-Tag"), tag) << "an answer is no change";
  // A client that has not seen the answer does not undo it; one that has not seen a change is told.
  const Response changed =
      ask("PUT", kAda + "calendar/a.ics", meeting(kOnce + " and dreams"), {{"If-Schedule-Tag-Match", tag}});
  ASSERT_EQ(changed.status, 204U) << changed.body;
  EXPECT_EQ(status(only(kAda, ada).second, "ben@example.org"), "ACCEPTED");
  EXPECT_EQ(ask("PUT", kAda + "calendar/a.ics", meeting(kOnce), {{"If-Schedule-Tag-Match", tag}}).status, 412U);
  EXPECT_EQ(ask("DELETE", kAda + "calendar/a.ics").status, 204U);
  EXPECT_TRUE(icalendar::is_cancelled(*itip::part_of(only(kBen, ben).second)));
  expect_sound();
}

TEST_F(DavSchedulingTest, AttendeesMayNotChangeTheMeeting) {
  ask("PUT", kAda + "calendar/a.ics", meeting(kOnce));
  auto [path, calendar] = only(kBen, ben);
  const_cast<itip::Component&>(*itip::part_of(calendar)).set("DTSTART", "20231201T090000Z");
  const Response refused = ask("PUT", path, icalendar::write(calendar), {}, ben);
  EXPECT_EQ(refused.status, 403U);
  EXPECT_NE(refused.body.find("allowed-attendee-scheduling-object-change"), std::string::npos);
}

TEST_F(DavSchedulingTest, RemovalDeclines) {
  ask("PUT", kAda + "calendar/a.ics", meeting(kOnce));
  EXPECT_EQ(ask("DELETE", only(kBen, ben).first, "", {{"Schedule-Reply", "F"}}, ben).status, 204U);
  EXPECT_EQ(status(only(kAda, ada).second, "ben@example.org"), "NEEDS-ACTION");
  ask("PUT", kAda + "calendar/a.ics", meeting("DTSTART:20231201T120000Z\nSUMMARY:Plans"));
  EXPECT_EQ(ask("DELETE", only(kBen, ben).first, "", {}, ben).status, 204U);
  EXPECT_EQ(status(only(kAda, ada).second, "ben@example.org"), "DECLINED");
}

TEST_F(DavSchedulingTest, InboxAndOutbox) {
  const Response home = ask("PROPFIND", kAda, "", {{"Depth", "1"}});
  EXPECT_NE(home.body.find("<C:schedule-inbox/>"), std::string::npos) << home.body;
  EXPECT_NE(home.body.find("<C:schedule-outbox/>"), std::string::npos);
  const Response principal =
      ask("PROPFIND", "/dav/principals/ada@example.org/",
          R"(<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop>)"
          "<C:schedule-inbox-URL/><C:schedule-outbox-URL/><C:calendar-user-type/></prop></propfind>",
          {{"Depth", "0"}});
  EXPECT_NE(principal.body.find(kAda + "outbox/"), std::string::npos) << principal.body;
  EXPECT_NE(principal.body.find("INDIVIDUAL"), std::string::npos);
  EXPECT_NE(ask("PROPFIND", kAda + "outbox/", "", {{"Depth", "0"}}, ben).status, 207U) << "each has his own alone";
}

TEST_F(DavSchedulingTest, FreeBusyOfOthers) {
  ask("PUT", kBen + "calendar/b.ics",
      icalendar::write(itip::calendar_of("BEGIN:VEVENT\nUID:b\nDTSTAMP:20231101T000000Z\nDTSTART:20231201T100000Z\n"
                                         "DURATION:PT1H\nSUMMARY:Secret\nEND:VEVENT")),
      {}, ben);
  const auto question = [](const std::string& organizer) {
    return icalendar::write(itip::calendar_of(
        "BEGIN:VFREEBUSY\nUID:q\nDTSTAMP:20231101T000000Z\nDTSTART:20231201T000000Z\nDTEND:20231202T000000Z\n"
        "ORGANIZER:mailto:" +
            organizer + "\nATTENDEE:mailto:ben@example.org\nATTENDEE:mailto:nobody@example.org\nEND:VFREEBUSY",
        "REQUEST"));
  };
  const Response told = ask("POST", kAda + "outbox/", question("ada@example.org"));
  ASSERT_EQ(told.status, 200U) << told.body;
  EXPECT_NE(told.body.find("FREEBUSY"), std::string::npos);
  EXPECT_NE(told.body.find("20231201T100000Z/"), std::string::npos) << told.body;
  EXPECT_EQ(told.body.find("Secret"), std::string::npos);
  EXPECT_NE(told.body.find("3.7;"), std::string::npos);
  EXPECT_EQ(ask("POST", kAda + "outbox/", question("ben@example.org")).status, 403U) << "in one's own name";
}

}  // namespace
}  // namespace kontor::dav
