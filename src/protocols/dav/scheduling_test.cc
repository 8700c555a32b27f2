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

TEST_F(DavSchedulingTest, AMeetingOfTooManyIsRefused) {
  const auto invite = [](std::size_t count) {
    std::string people = kOnce;
    for (std::size_t i = 0; i < count; ++i) people += "\nATTENDEE:mailto:u" + std::to_string(i) + "@elsewhere.example";
    return meeting(people);
  };
  // Ben is told, too.
  const Response refused = ask("PUT", kAda + "calendar/a.ics", invite(groupware::kMostTold));
  EXPECT_EQ(refused.status, 403U);
  EXPECT_NE(refused.body.find("max-attendees-per-instance"), std::string::npos) << refused.body;
  EXPECT_EQ(ask("GET", kAda + "calendar/a.ics").status, 404U);
  // Whoever is one of so many may have it in a calendar: somebody else tells them.
  std::string others = invite(groupware::kMostTold);
  others.replace(others.find("ORGANIZER:mailto:ada@example.org"), 32, "ORGANIZER:mailto:boss@elsewhere.example");
  EXPECT_EQ(ask("PUT", kAda + "calendar/a.ics", others).status, 201U);
}

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

TEST_F(DavSchedulingTest, DelegatesWritePrivateMeetings) {
  const auto account = open(ada);
  const FolderId calendar = by_role(*account, groupware::FolderRole::calendar);
  grant(*account, calendar, ben, groupware::right::kEditor);
  const std::string hidden = kOnce + "\nCLASS:PRIVATE";
  EXPECT_EQ(ask("PUT", kAda + "calendar/a.ics", meeting(hidden), {}, ben).status, 201U);
  EXPECT_EQ(ask("PUT", kAda + "calendar/b.ics", meeting(kOnce, "u2"), {}, ben).status, 201U);
  EXPECT_EQ(ask("PUT", kAda + "calendar/b.ics", meeting(hidden, "u2"), {}, ben).status, 204U);
  EXPECT_EQ(ask("GET", kAda + "calendar/a.ics", "", {}, ben).status, 404U);
  EXPECT_FALSE(header(ask("GET", kAda + "calendar/a.ics"), "Schedule-Tag").empty());
  EXPECT_FALSE(header(ask("GET", kAda + "calendar/b.ics"), "Schedule-Tag").empty());
}

TEST_F(DavSchedulingTest, GuestsInviteForTheOwnerOnly) {
  const auto account = open(ada);
  const FolderId calendar = by_role(*account, groupware::FolderRole::calendar);
  grant(*account, calendar, ben, groupware::right::kEditor);
  const auto put = [&](const std::string& name, const std::string& people) {
    return ask("PUT", kAda + "calendar/" + name,
               icalendar::write(itip::calendar_of("BEGIN:VEVENT\nUID:" + name + "\nDTSTAMP:20230101T000000Z\n" + kOnce +
                                                  "\n" + people + "\nEND:VEVENT")),
               {}, ben);
  };
  const Response refused = put("1", "ORGANIZER:mailto:Ben@example.org\nATTENDEE:mailto:eve@elsewhere.example");
  EXPECT_EQ(refused.status, 403U);
  EXPECT_NE(refused.body.find("organizer-allowed"), std::string::npos) << refused.body;
  EXPECT_EQ(put("2", "ORGANIZER:mailto:ada@example.org\nATTENDEE:mailto:eve@elsewhere.example").status, 201U);
  EXPECT_EQ(put("3", "ORGANIZER:mailto:ben@example.org\nATTENDEE:mailto:ben@example.org").status, 201U) << "alone";
  EXPECT_EQ(
      put("4", "ORGANIZER;SCHEDULE-AGENT=CLIENT:mailto:ben@example.org\nATTENDEE:mailto:eve@elsewhere.example").status,
      201U)
      << "his program invites";
  EXPECT_EQ(put("5", "ORGANIZER:mailto:ben@example.org\nATTENDEE:mailto:ada@example.org").status, 201U)
      << "she takes part";
}

TEST_F(DavSchedulingTest, RemovalDeclines) {
  ask("PUT", kAda + "calendar/a.ics", meeting(kOnce));
  EXPECT_EQ(ask("DELETE", only(kBen, ben).first, "", {{"Schedule-Reply", "F"}}, ben).status, 204U);
  EXPECT_EQ(status(only(kAda, ada).second, "ben@example.org"), "NEEDS-ACTION");
  ask("PUT", kAda + "calendar/a.ics", meeting("DTSTART:20231201T120000Z\nSUMMARY:Plans"));
  EXPECT_EQ(ask("DELETE", only(kBen, ben).first, "", {}, ben).status, 204U);
  EXPECT_EQ(status(only(kAda, ada).second, "ben@example.org"), "DECLINED");
}

TEST_F(DavSchedulingTest, WhatADelegateChangesIsSentWithIt) {
  const auto account = open(ada);
  const FolderId calendar = by_role(*account, groupware::FolderRole::calendar);
  grant(*account, calendar, ben, groupware::right::kEditor);
  const Modseq before = account->modseq();
  std::vector<Modseq> commits;
  const auto watch = account->watch([&](const groupware::Notice& notice) { commits.push_back(notice.modseq); });
  EXPECT_EQ(ask("PUT", kAda + "calendar/a.ics", meeting(kOnce), {}, ben).status, 201U);
  const auto reader = groupware::must(account->read(groupware::Caller::system()));
  ASSERT_EQ(commits.size(), 2U) << "one for the change and what it sends, one when that was brought";
  EXPECT_EQ(commits[0].value, before.value + 1);
  EXPECT_EQ(status(only(kBen, ben).second, "ben@example.org"), "NEEDS-ACTION");
}

// A calendar that is removed, overwritten or moved away says what its meetings would.
TEST_F(DavSchedulingTest, WholeCalendarsSayWhatTheirMeetingsWould) {
  const PrincipalId eve = add_user("eve@example.org");
  const std::string eves = "/dav/calendars/eve@example.org/", other = kAda + "other/", plans = kAda + "plans/",
                    empty = kAda + "empty/";
  struct Case {
    std::string method, path, destination;
    bool cancels;
    const char* why;
    PrincipalId who = {};
  };
  const Case cases[] = {
      {"DELETE", plans, "", true, "all that is in it goes"},
      {"MOVE", plans, other, false, "it is hers still"},
      {"MOVE", plans, eves + "hers/", true, "it is not hers any more", eve},
      {"COPY", plans, other, false, "a copy invites nobody"},
      {"COPY", empty, plans, true, "it is overwritten"},
      {"MOVE", empty, plans, true, "it is overwritten"},
      {"MOVE", plans + "a.ics", empty + "a.ics", false, "it is hers still"},
      {"MOVE", plans + "a.ics", eves + "calendar/a.ics", true, "it is not hers any more", eve},
      {"COPY", plans + "a.ics", eves + "calendar/a.ics", false, "a copy invites nobody", eve},
      {"DELETE", kAda + "calendar/", "", false, "it cannot be removed"},
  };
  for (int number = 0; const Case& now : cases) {
    SCOPED_TRACE(now.method + " " + now.path + ": " + now.why);
    ask("DELETE", plans);
    ask("DELETE", empty);
    ask("DELETE", other);
    for (const auto& [path, who] : {std::pair(only(kBen, ben).first, ben), std::pair(eves + "calendar/a.ics", eve)})
      if (!path.empty()) ask("DELETE", path, "", {{"Schedule-Reply", "F"}}, who);
    for (const std::string& path : {plans, empty}) ASSERT_EQ(ask("MKCALENDAR", path).status, 201U);
    groupware::must(open(ada)->update(groupware::Caller::system(), [&](groupware::Transaction& transaction) {
      groupware::Transaction::FolderChange change;
      change.grants = {{eve, groupware::right::kAll}};
      for (const auto& folder : transaction.folders()->all())
        if (folder->kind == groupware::Kind::calendar && folder->role == groupware::FolderRole::none)
          groupware::must(transaction.change_folder(folder->id, change));
      return Result<void>();
    }));
    ASSERT_EQ(ask("PUT", plans + "a.ics", meeting(kOnce, "u" + std::to_string(++number))).status, 201U);
    const auto plain = itip::calendar_of("BEGIN:VEVENT\nUID:b\nDTSTAMP:20231101T000000Z\n" + kOnce + "\nEND:VEVENT");
    ASSERT_EQ(ask("PUT", empty + "b.ics", icalendar::write(plain)).status, 201U);
    Headers headers;
    if (!now.destination.empty()) headers.emplace_back("Destination", now.destination);
    const Response response = ask(now.method, now.path, "", headers, now.who);
    EXPECT_EQ(response.status < 300, now.path != kAda + "calendar/") << response.status << response.body;
    EXPECT_NE(response.status, 207U) << response.body;
    const auto calendar = only(kBen, ben).second;
    ASSERT_NE(itip::part_of(calendar), nullptr);
    EXPECT_EQ(icalendar::is_cancelled(*itip::part_of(calendar)), now.cancels);
    expect_sound();
  }
}

TEST_F(DavSchedulingTest, WholeCalendarsDecline) {
  ask("PUT", kAda + "calendar/a.ics", meeting(kOnce));
  ask("MKCALENDAR", kBen + "work/", "", {}, ben);
  const std::string path = only(kBen, ben).first;
  ASSERT_EQ(ask("MOVE", path, "", {{"Destination", kBen + "work/a.ics"}}, ben).status, 201U);
  EXPECT_EQ(ask("DELETE", kBen + "work/", "", {{"Schedule-Reply", "F"}, {"Depth", "0"}}, ben).status, 400U);
  EXPECT_EQ(status(only(kAda, ada).second, "ben@example.org"), "NEEDS-ACTION");
  EXPECT_EQ(ask("DELETE", kBen + "work/", "", {}, ben).status, 204U);
  EXPECT_EQ(status(only(kAda, ada).second, "ben@example.org"), "DECLINED");
  ask("PUT", kAda + "calendar/b.ics", meeting(kOnce, "u2"));
  ask("DELETE", kAda + "calendar/a.ics");
  ask("MKCALENDAR", kBen + "work/", "", {}, ben);
  ASSERT_EQ(ask("MOVE", only(kBen, ben).first, "", {{"Destination", kBen + "work/b.ics"}}, ben).status, 201U);
  EXPECT_EQ(ask("DELETE", kBen + "work/", "", {{"Schedule-Reply", "F"}}, ben).status, 204U);
  EXPECT_EQ(status(only(kAda, ada).second, "ben@example.org"), "NEEDS-ACTION") << "he does not want to say so";
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
  const auto privileges = [&](const std::string& path) {
    return ask("PROPFIND", path, R"(<propfind xmlns="DAV:"><prop><current-user-privilege-set/></prop></propfind>)",
               {{"Depth", "0"}})
        .body;
  };
  EXPECT_NE(privileges(kAda + "outbox/").find("schedule-send-invite"), std::string::npos);
  EXPECT_NE(privileges(kAda + "inbox/").find("schedule-deliver-reply"), std::string::npos);
  EXPECT_EQ(privileges(kAda + "inbox/").find("schedule-send"), std::string::npos);
}

TEST_F(DavSchedulingTest, WhatComesIsInTheInbox) {
  const std::string inbox = kBen + "inbox/";
  const auto sync = [&](const std::string& token) {
    return ask("REPORT", inbox,
               "<sync-collection xmlns=\"DAV:\"><sync-token>" + token +
                   "</sync-token><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>",
               {}, ben);
  };
  const auto token_in = [](const Response& response) {
    const auto at = response.body.find("<D:sync-token>") + 14;
    return response.body.substr(at, response.body.find('<', at) - at);
  };
  const auto paths_in = [&](const Response& response) {
    std::vector<std::string> out;
    const std::string start = "<D:href>" + inbox;
    for (auto at = response.body.find(start); at != std::string::npos; at = response.body.find(start, at + 1)) {
      const std::string path = response.body.substr(at + 8, response.body.find('<', at + 8) - at - 8);
      if (!path.ends_with("/")) out.push_back(path);
    }
    return out;
  };
  const Response before = sync("");
  ASSERT_EQ(before.status, 207U) << before.body;
  EXPECT_TRUE(paths_in(before).empty());
  ask("PUT", kAda + "calendar/a.ics", meeting(kOnce));
  const Response came = sync(token_in(before));
  ASSERT_EQ(paths_in(came).size(), 1U) << came.body;
  const std::string path = paths_in(came).front();
  const Response got = ask("GET", path, "", {}, ben);
  EXPECT_EQ(got.status, 200U);
  EXPECT_NE(got.body.find("METHOD:REQUEST"), std::string::npos) << got.body;
  EXPECT_EQ(got.content_type, "text/calendar; charset=utf-8; method=REQUEST");
  const std::string props = R"(<D:prop xmlns:D="DAV:"><D:getetag/><C:calendar-data/></D:prop>)";
  const Response multiget = ask("REPORT", inbox,
                                R"(<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">)" +
                                    props + "<D:href>" + path + "</D:href></C:calendar-multiget>",
                                {}, ben);
  EXPECT_NE(multiget.body.find("METHOD:REQUEST"), std::string::npos) << multiget.body;
  const auto query = [&](const std::string& component) {
    return paths_in(ask("REPORT", inbox,
                        R"(<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">)" + props +
                            R"(<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name=")" + component +
                            R"("/></C:comp-filter></C:filter></C:calendar-query>)",
                        {{"Depth", "1"}}, ben))
        .size();
  };
  EXPECT_EQ(query("VEVENT"), 1U);
  EXPECT_EQ(query("VTODO"), 0U);
  EXPECT_EQ(ask("PUT", path, meeting(kOnce), {}, ben).status, 403U) << "only the server writes there";
  EXPECT_GE(ask("PUT", inbox + "new.ics", meeting(kOnce), {}, ben).status, 400U);
  EXPECT_GE(ask("DELETE", inbox, "", {}, ben).status, 400U);
  EXPECT_EQ(ask("COPY", kBen + "calendar/x.ics", "", {{"Destination", path}}, ben).status / 100, 4U);
  EXPECT_EQ(ask("GET", path).status, 403U) << "of others";
  const std::string token = token_in(came);
  EXPECT_EQ(ask("DELETE", path, "", {}, ben).status, 204U);
  EXPECT_EQ(status(only(kAda, ada).second, "ben@example.org"), "NEEDS-ACTION") << "nobody declined";
  EXPECT_EQ(paths_in(sync(token)), std::vector<std::string>{path}) << "gone";
  EXPECT_EQ(answer_with("ACCEPTED").status, 204U);
  const Response home = ask("PROPFIND", kAda + "inbox/", "", {{"Depth", "1"}});
  EXPECT_NE(home.body.find("method=REPLY"), std::string::npos) << home.body;
  expect_sound();
}

TEST_F(DavSchedulingTest, InvitationsGoWhereTheirOwnerWants) {
  ASSERT_EQ(ask("MKCALENDAR", kBen + "meetings", "", {}, ben).status, 201U);
  const auto choose = [&](const std::string& path) {
    return ask("PROPPATCH", kBen + "inbox/",
               R"(<propertyupdate xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>)"
               "<C:schedule-default-calendar-URL><href>" +
                   path + "</href></C:schedule-default-calendar-URL></prop></set></propertyupdate>",
               {}, ben);
  };
  const auto chosen = [&] {
    return ask("PROPFIND", kBen + "inbox/",
               R"(<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop>)"
               "<C:schedule-default-calendar-URL/></prop></propfind>",
               {{"Depth", "0"}}, ben)
        .body;
  };
  EXPECT_NE(choose(kAda + "calendar/").body.find("valid-schedule-default-calendar-URL"), std::string::npos);
  EXPECT_NE(choose(kBen + "tasks/").body.find("valid-schedule-default-calendar-URL"), std::string::npos);
  EXPECT_NE(chosen().find(kBen + "calendar/"), std::string::npos);
  EXPECT_EQ(choose(kBen + "meetings/").status, 207U);
  EXPECT_NE(chosen().find(kBen + "meetings/"), std::string::npos) << chosen();
  ask("PUT", kAda + "calendar/a.ics", meeting(kOnce));
  EXPECT_NE(ask("PROPFIND", kBen + "meetings/", "", {{"Depth", "1"}}, ben).body.find(".ics"), std::string::npos);
  EXPECT_EQ(choose(kBen + "calendar/").status, 207U);
  EXPECT_NE(chosen().find(kBen + "calendar/"), std::string::npos);
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

// RFC 7953: who keeps hours is busy outside of them for all who ask.
TEST_F(DavSchedulingTest, HoursThatAreKept) {
  const auto set = [&](const std::string& box, const std::string& text, PrincipalId who) {
    return ask("PROPPATCH", kBen + box + "/",
               R"(<D:propertyupdate xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>)"
               "<C:calendar-availability>" +
                   text + "</C:calendar-availability></D:prop></D:set></D:propertyupdate>",
               {}, who)
        .body;
  };
  const auto hours = [](const std::string& rule) {
    return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VAVAILABILITY\nUID:1\nDTSTAMP:20231101T000000Z\n"
           "BEGIN:AVAILABLE\nUID:2\nDTSTART:20231101T090000Z\nDTEND:20231101T170000Z\nRRULE:FREQ=" +
           rule + "\nEND:AVAILABLE\nEND:VAVAILABILITY\nEND:VCALENDAR\n";
  };
  EXPECT_NE(set("inbox", hours("DAILY"), ben).find("200 OK"), std::string::npos);
  EXPECT_NE(set("outbox", hours("DAILY"), ben).find("403"), std::string::npos) << "the inbox has it";
  EXPECT_EQ(set("inbox", hours("DAILY"), ada).find("200 OK"), std::string::npos) << "another's";
  for (const std::string& wrong :
       {hours("OFTEN"), hours("SECONDLY"), std::string("nine to five"), meeting("DTSTART:20231201T100000Z")})
    EXPECT_NE(set("inbox", wrong, ben).find("valid-calendar-data"), std::string::npos) << wrong;
  const std::string wanted =
      R"(<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:calendar-availability/></D:prop></D:propfind>)";
  EXPECT_NE(ask("PROPFIND", kBen + "inbox/", wanted, {{"Depth", "0"}}, ben).body.find("FREQ=DAILY"), std::string::npos);
  const std::string told =
      ask("POST", kAda + "outbox/",
          icalendar::write(itip::calendar_of(
              "BEGIN:VFREEBUSY\nUID:q\nDTSTAMP:20231101T000000Z\nDTSTART:20231201T000000Z\nDTEND:20231202T000000Z\n"
              "ORGANIZER:mailto:ada@example.org\nATTENDEE:mailto:ben@example.org\nEND:VFREEBUSY",
              "REQUEST")))
          .body;
  for (const std::string_view busy :
       {"BUSY-UNAVAILABLE:20231201T000000Z/20231201T090000Z", ":20231201T170000Z/20231202T000000Z"})
    EXPECT_NE(told.find(busy), std::string::npos) << told;
}

}  // namespace
}  // namespace kontor::dav
