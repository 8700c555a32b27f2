// SPDX-License-Identifier: AGPL-3.0-or-later
// Principals, rights, what others share, invitations and delegates: as two people see them.
#include "protocols/dav/sharing.h"

#include <gtest/gtest.h>

#include <tuple>

#include "protocols/dav/dav_fixture.h"
#include "protocols/dav/sharing_news.h"
#include "wire/xml/parse.h"

namespace kontor::dav {
namespace {

const std::string kSpaces =
    R"( xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/")";
const std::string kAdasHome = "/dav/calendars/ada@example.org/", kBensHome = "/dav/calendars/ben@example.org/";
const std::string kBenPath = "/dav/principals/ben@example.org/", kAdaPath = "/dav/principals/ada@example.org/";
const std::string kEvent =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20261201T100000Z\r\nSUMMARY:Talk\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

class SharingTest : public DavTest {
 protected:
  void SetUp() override {
    DavTest::SetUp();
    const auto made = ask("MKCOL", kAdasHome + "trip",
                          "<D:mkcol" + kSpaces +
                              "><D:set><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
                              "<D:displayname>Trip</D:displayname></D:prop></D:set></D:mkcol>",
                          {{"Content-Type", "application/xml"}});
    ASSERT_EQ(made.status, 201u) << made.body;
    ASSERT_EQ(ask("PUT", kAdasHome + "trip/a.ics", kEvent).status, 201u);
  }

  std::string find_all(const std::string& path, const std::string& names, PrincipalId who, const char* depth = "0") {
    const auto response =
        ask("PROPFIND", path, "<D:propfind" + kSpaces + "><D:prop>" + names + "</D:prop></D:propfind>",
            {{"Depth", depth}}, who);
    EXPECT_EQ(response.status, 207u) << path << response.body;
    return response.body;
  }

  unsigned set_acl(const std::string& aces, PrincipalId who) {
    return ask("ACL", kAdasHome + "trip/", "<D:acl" + kSpaces + ">" + aces + "</D:acl>", {}, who).status;
  }
  static std::string ace_for(const std::string& principal, const std::string& privileges) {
    return "<D:ace><D:principal><D:href>" + principal + "</D:href></D:principal><D:grant><D:privilege>" + privileges +
           "</D:privilege></D:grant></D:ace>";
  }

  // The path of what is shared with Ben in his home; empty if nothing is.
  std::string bens_mount() {
    const std::string body = find_all(kBensHome, "<D:displayname/>", ben, "1");
    const auto at = body.find("shared-");
    return at == std::string::npos ? std::string() : kBensHome + body.substr(at, body.find('<', at) - at);
  }

  unsigned share_with_ben(const std::string& what) {
    return ask("POST", kAdasHome + "trip/",
               "<CS:share" + kSpaces + "><CS:set><D:href>mailto:ben@example.org</D:href><CS:" + what +
                   "/></CS:set></CS:share>")
        .status;
  }
  Response reply(const std::string& word) {
    return ask("POST", kBensHome,
               "<CS:invite-reply" + kSpaces + "><D:href>mailto:ben@example.org</D:href><CS:" + word +
                   "/><CS:hosturl><D:href>" + kAdasHome + "trip/</D:href></CS:hosturl></CS:invite-reply>",
               {}, ben);
  }
  unsigned get(const std::string& path, PrincipalId who) { return ask("GET", path, "", {}, who).status; }
};

TEST_F(SharingTest, PrincipalsAreFound) {
  const std::string root = find_all("/dav/", "<D:current-user-principal/><D:principal-collection-set/>", ada);
  EXPECT_TRUE(root.contains("ada%40example.org/") || root.contains("ada@example.org/")) << root;
  const std::string self = find_all(kBenPath, "<D:resourcetype/><C:calendar-user-address-set/><D:principal-URL/>", ada);
  EXPECT_TRUE(self.contains("principal/>") && self.contains("mailto:ben@example.org")) << self;
  const auto found =
      ask("REPORT", "/dav/principals/",
          "<D:principal-property-search" + kSpaces +
              "><D:property-search><D:prop><C:calendar-user-address-set/></D:prop><D:match>BEN@</D:match>"
              "</D:property-search><D:prop><D:displayname/></D:prop></D:principal-property-search>",
          {{"Depth", "0"}});
  EXPECT_EQ(found.status, 207u);
  EXPECT_TRUE(found.body.contains("Someone") && !found.body.contains("ada")) << found.body;
  const auto expanded = ask("REPORT", "/dav/",
                            "<D:expand-property" + kSpaces +
                                R"(><D:property name="current-user-principal"><D:property name="displayname"/>)" +
                                "</D:property></D:expand-property>",
                            {{"Depth", "0"}});
  EXPECT_EQ(expanded.status, 207u);
  EXPECT_TRUE(expanded.body.contains(">Someone<")) << expanded.body;
  EXPECT_TRUE(xml::parse(expanded.body)) << expanded.body;
}

TEST_F(SharingTest, NotificationsAreNoCalendarObjects) {
  const auto asked = ask("REPORT", kBensHome + "notifications/",
                         "<C:calendar-query" + kSpaces +
                             R"(><D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter>)" +
                             "</C:calendar-query>",
                         {{"Depth", "1"}}, ben);
  EXPECT_EQ(asked.status, 403u) << asked.body;
}

TEST_F(SharingTest, AnAclGivesAndTakes) {
  EXPECT_NE(get(kAdasHome + "trip/a.ics", ben), 200u);
  EXPECT_EQ(set_acl(ace_for(kBenPath, "<D:read/>"), ben), 403u);
  EXPECT_EQ(set_acl(ace_for(kBenPath, "<D:read/>"), ada), 200u);
  EXPECT_EQ(get(kAdasHome + "trip/a.ics", ben), 200u);
  const std::string rights = find_all(kAdasHome + "trip/", "<D:current-user-privilege-set/><D:acl/>", ben);
  EXPECT_TRUE(rights.contains("read/>") && !rights.contains("write/>")) << rights;
  EXPECT_TRUE(rights.contains("403")) << "who may not give rights does not see who has them";
  EXPECT_TRUE(find_all(kAdasHome + "trip/", "<D:acl/>", ada).contains("protected/>"));
  EXPECT_EQ(set_acl("", ada), 200u);
  EXPECT_NE(get(kAdasHome + "trip/a.ics", ben), 200u);
}

TEST_F(SharingTest, RightsOfWhatIsLockedStay) {
  const auto locked = ask("LOCK", kAdasHome + "trip/",
                          "<D:lockinfo" + kSpaces +
                              "><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>"
                              "</D:lockinfo>",
                          {{"Depth", "0"}});
  ASSERT_EQ(locked.status, 200u);
  EXPECT_EQ(set_acl(ace_for(kBenPath, "<D:read/>"), ada), 423u);
  EXPECT_EQ(share_with_ben("read"), 423u);
  EXPECT_EQ(ask("POST", kAdasHome + "trip/", "<CS:publish-calendar" + kSpaces + "/>").status, 423u);
  EXPECT_EQ(ask("UNLOCK", kAdasHome + "trip/", "", {{"Lock-Token", header(locked, "Lock-Token")}}).status, 204u);
  EXPECT_EQ(set_acl(ace_for(kBenPath, "<D:read/>"), ada), 200u);
}

TEST_F(SharingTest, WhatIsGrantedShowsInTheHome) {
  EXPECT_EQ(bens_mount(), "");
  ASSERT_EQ(set_acl(ace_for(kBenPath, "<D:read/>") + ace_for(kBenPath, "<D:write/>"), ada), 200u);
  const std::string mount = bens_mount();
  ASSERT_NE(mount, "");
  const std::string shown = find_all(mount, "<D:displayname/><D:resourcetype/><D:owner/>", ben, "1");
  EXPECT_TRUE(shown.contains("Trip (Someone)") && shown.contains("shared/>") && shown.contains("a.ics")) << shown;
  EXPECT_EQ(get(mount + "a.ics", ben), 200u);
  EXPECT_EQ(get(mount + "nothing.ics", ben), 404u);
  EXPECT_NE(get(mount + "a.ics", ada), 200u) << "it is Ben's home";
  EXPECT_EQ(ask("MOVE", mount, "", {{"Destination", kBensHome + "mine/"}}, ben).status, 403u);
  // Out of the home, not away from its owner.
  EXPECT_EQ(ask("DELETE", mount, "", {}, ben).status, 204u);
  EXPECT_EQ(bens_mount(), "");
  EXPECT_EQ(get(mount + "a.ics", ben), 404u);
  EXPECT_EQ(get(kAdasHome + "trip/a.ics", ada), 200u);
}

TEST_F(SharingTest, WhatMayBePrivateIsNotMovedToOtherAccounts) {
  ASSERT_EQ(set_acl(ace_for(kBenPath, "<D:read/>") + ace_for(kBenPath, "<D:write/>"), ada), 200u);
  std::string secret = kEvent;
  secret.replace(secret.find("UID:u"), 5, "UID:v\r\nCLASS:CONFIDENTIAL");
  ASSERT_EQ(ask("PUT", kAdasHome + "trip/secret.ics", secret).status, 201u);
  const auto move = [&](const std::string& from, const std::string& to) {
    return ask("MOVE", kAdasHome + from, "", {{"Destination", kBensHome + to}}, ben).status;
  };
  EXPECT_EQ(move("trip/", "mine/"), 403u);
  EXPECT_EQ(move("trip/secret.ics", "calendar/secret.ics"), 403u);
  EXPECT_EQ(ask("GET", kAdasHome + "trip/secret.ics").body, secret);
  EXPECT_EQ(move("trip/a.ics", "calendar/a.ics"), 201u);
  EXPECT_EQ(get(kAdasHome + "trip/a.ics", ada), 404u);
}

TEST_F(SharingTest, AnInvitationIsAnswered) {
  ASSERT_EQ(share_with_ben("read-write"), 200u);
  EXPECT_EQ(bens_mount(), "") << "not before it was accepted";
  EXPECT_EQ(ask("DELETE", kAdasHome + "trip/", "", {}, ben).status, 403u) << "it is not the guest's";
  EXPECT_TRUE(find_all(kAdasHome + "trip/", "<CS:invite/>", ada).contains("invite-noresponse"));
  const std::string notices = find_all(kBensHome + "notifications/", "<CS:notificationtype/>", ben, "1");
  const auto at = notices.find(".xml");
  ASSERT_NE(at, std::string::npos) << notices;
  const auto begin = notices.rfind('/', at) + 1;
  const std::string notice = kBensHome + "notifications/" + notices.substr(begin, at + 4 - begin);
  const auto text = ask("GET", notice, "", {}, ben);
  EXPECT_TRUE(text.body.contains("invite-notification") && text.body.contains("trip/")) << text.body;

  const auto accepted = reply("invite-accepted");
  EXPECT_EQ(accepted.status, 200u);
  EXPECT_TRUE(accepted.body.contains("shared-")) << accepted.body;
  EXPECT_NE(bens_mount(), "");
  EXPECT_EQ(get(notice, ben), 404u) << "it was answered";
  EXPECT_TRUE(find_all(kAdasHome + "trip/", "<CS:invite/>", ada).contains("invite-accepted"));
  EXPECT_EQ(share_with_ben("read"), 200u);
  EXPECT_NE(bens_mount(), "") << "another access needs no other answer";
  EXPECT_EQ(reply("invite-declined").status, 200u);
  EXPECT_EQ(bens_mount(), "");
  EXPECT_EQ(share_with_ben("read"), 200u);
  EXPECT_EQ(ask("DELETE", kBensHome + "notifications/none.xml", "", {}, ben).status, 404u);
  const auto removed = ask("POST", kAdasHome + "trip/",
                           "<CS:share" + kSpaces +
                               "><CS:remove><D:href>mailto:ben@example.org</D:href></CS:remove><CS:set>"
                               "<D:href>mailto:nobody@example.net</D:href><CS:read/></CS:set></CS:share>");
  EXPECT_EQ(removed.status, 207u);
  EXPECT_TRUE(removed.body.contains("403")) << removed.body;
  EXPECT_NE(get(kAdasHome + "trip/a.ics", ben), 200u);
}

TEST_F(SharingTest, HostAndGuestAreToldWhatBecameOfIt) {
  // Text of the only notice in a home, and where it is.
  const auto only_notice = [&](const std::string& home, PrincipalId who) {
    const std::string list = find_all(home + "notifications/", "<CS:notificationtype/>", who, "1");
    const auto at = list.find(".xml<");
    if (at == std::string::npos) return std::pair(std::string(), std::string());
    EXPECT_EQ(list.find(".xml<", at + 1), std::string::npos) << list;
    const auto begin = list.rfind('/', at) + 1;
    const std::string path = home + "notifications/" + list.substr(begin, at + 4 - begin);
    const std::string text = ask("GET", path, "", {}, who).body;
    EXPECT_EQ(list.contains("<CS:notificationtype><CS:invite-reply/>"), text.contains("<CS:invite-reply>")) << list;
    return std::pair(path, text);
  };
  ASSERT_EQ(share_with_ben("read"), 200u);
  ASSERT_EQ(reply("invite-accepted").status, 200u);
  auto [answer, text] = only_notice(kAdasHome, ada);
  EXPECT_TRUE(text.contains("<CS:invite-reply><D:href>mailto:ben@example.org</D:href><CS:invite-accepted/>")) << text;
  EXPECT_TRUE(text.contains("trip/</D:href></CS:hosturl><CS:in-reply-to>")) << text;
  EXPECT_TRUE(text.contains("<CS:summary>Trip</CS:summary>")) << text;
  ASSERT_EQ(reply("invite-declined").status, 200u);
  std::tie(answer, text) = only_notice(kAdasHome, ada);
  EXPECT_TRUE(text.contains("<CS:invite-declined/>")) << "the later answer alone: " << text;
  EXPECT_EQ(ask("DELETE", answer, "", {}, ben).status, 404u) << "it is not his";
  EXPECT_EQ(ask("DELETE", answer).status, 204u);
  EXPECT_EQ(only_notice(kAdasHome, ada).first, "");

  ASSERT_EQ(share_with_ben("read"), 200u);
  EXPECT_TRUE(only_notice(kBensHome, ben).second.contains("<CS:invite-noresponse/>"));
  ASSERT_EQ(reply("invite-accepted").status, 200u);
  EXPECT_EQ(only_notice(kBensHome, ben).first, "");
  ASSERT_EQ(share_with_ben("read"), 200u);
  EXPECT_EQ(only_notice(kBensHome, ben).first, "") << "nothing changed for him";
  ASSERT_EQ(share_with_ben("read-write"), 200u);
  text = only_notice(kBensHome, ben).second;
  EXPECT_TRUE(text.contains("<CS:invite-accepted/><CS:access><CS:read-write/></CS:access>")) << text;
  EXPECT_EQ(ask("POST", kAdasHome + "trip/",
                "<CS:share" + kSpaces + "><CS:remove><D:href>mailto:ben@example.org</D:href></CS:remove></CS:share>")
                .status,
            200u);
  std::tie(answer, text) = only_notice(kBensHome, ben);
  EXPECT_TRUE(text.contains("<CS:invite-deleted/>") && text.contains("mailto:ada@example.org")) << text;
  EXPECT_EQ(ask("DELETE", answer, "", {}, ben).status, 204u);
  EXPECT_EQ(only_notice(kBensHome, ben).first, "");
  expect_sound();
}

TEST_F(SharingTest, GuestsChooseNameAndColourForThemselves) {
  ASSERT_EQ(share_with_ben("read"), 200u);
  ASSERT_EQ(reply("invite-accepted").status, 200u);
  const std::string mount = bens_mount();
  const std::string apple = " xmlns:A='http://apple.com/ns/ical/'";
  const std::string names = "<D:displayname/><C:calendar-description/><A:calendar-color" + apple +
                            "/><A:calendar-order" + apple + "/><C:schedule-calendar-transp/>";
  const auto set = [&](const std::string& path, const std::string& values, PrincipalId who, const char* how = "set") {
    return ask("PROPPATCH", path,
               "<D:propertyupdate" + kSpaces + apple + "><D:" + how + "><D:prop>" + values + "</D:prop></D:" + how +
                   "></D:propertyupdate>",
               {}, who)
        .body;
  };
  set(kAdasHome + "trip/", "<A:calendar-color>#00FF00FF</A:calendar-color><A:calendar-order>7</A:calendar-order>", ada);
  const std::string before = find_all(kAdasHome + "trip/", names, ada);
  EXPECT_TRUE(find_all(mount, names, ben).contains("#00FF00FF")) << "as its owner has it, at first";
  const std::string done = set(mount,
                               "<D:displayname>Mine</D:displayname><A:calendar-color>#111111FF</A:calendar-color>"
                               "<A:calendar-order>2</A:calendar-order><C:calendar-description xml:lang='de'>Reise"
                               "</C:calendar-description><C:schedule-calendar-transp><C:transparent/>"
                               "</C:schedule-calendar-transp>",
                               ben);
  EXPECT_TRUE(done.contains(" 200 ") && !done.contains(" 403 ")) << done;
  const std::string own = find_all(mount, names, ben);
  EXPECT_TRUE(own.contains(">Mine<") && own.contains("#111111FF") && own.contains(">2<") &&
              own.contains("xml:lang=\"de\">Reise<") && own.contains("<C:transparent/>"))
      << own;
  EXPECT_EQ(find_all(kAdasHome + "trip/", names, ada), before) << "nothing changed for its owner";
  EXPECT_TRUE(set(mount, "<D:displayname/><A:calendar-color/>", ben, "remove").contains(" 200 "));
  const std::string again = find_all(mount, names, ben);
  EXPECT_TRUE(again.contains("Trip (Someone)") && again.contains("#00FF00FF")) << again;
  EXPECT_TRUE(set(mount, "<C:schedule-calendar-transp/>", ben).contains(" 409 "));
  EXPECT_TRUE(set(mount, "<A:calendar-order>first</A:calendar-order>", ben).contains(" 409 "));
  EXPECT_TRUE(set(mount, "<x:other xmlns:x='urn:x'>1</x:other>", ben).contains(" 403 ")) << "the rest is its owner's";
}

TEST_F(SharingTest, ACopyIsNeitherPublishedNorShared) {
  ASSERT_EQ(share_with_ben("read"), 200u);
  ASSERT_EQ(ask("POST", kAdasHome + "trip/", "<CS:publish-calendar" + kSpaces + "/>").status, 202u);
  EXPECT_TRUE(find_all(kAdasHome + "trip/", "<CS:publish-url/>", ada).contains("/dav/public/"));
  ASSERT_EQ(ask("COPY", kAdasHome + "trip/", "", {{"Destination", kBensHome + "copy/"}}, ben).status, 201u);
  EXPECT_EQ(get(kBensHome + "copy/a.ics", ben), 200u);
  const std::string copy = find_all(kBensHome + "copy/", "<CS:publish-url/><D:resourcetype/>", ben);
  EXPECT_FALSE(copy.contains("/dav/public/") || copy.contains("shared-owner")) << copy;
}

TEST_F(SharingTest, DelegatesHaveEveryCalendar) {
  const auto set = [&](const std::string& group, const std::string& members, PrincipalId who) {
    return ask("PROPPATCH", kAdaPath + group + "/",
               "<D:propertyupdate" + kSpaces + "><D:set><D:prop><D:group-member-set>" + members +
                   "</D:group-member-set></D:prop></D:set></D:propertyupdate>",
               {}, who)
        .body;
  };
  const std::string member = "<D:href>" + kBenPath + "</D:href>", write = "calendar-proxy-write";
  EXPECT_FALSE(set(write, member, ben).contains(" 200 ")) << "nobody makes himself a delegate";
  EXPECT_TRUE(set(write, member, ada).contains(" 200 "));
  EXPECT_TRUE(find_all(kAdaPath + write + "/", "<D:group-member-set/>", ada).contains("ben"));
  EXPECT_TRUE(find_all(kBenPath, "<CS:calendar-proxy-write-for/>", ben).contains("ada"));
  EXPECT_FALSE(find_all(kBenPath, "<CS:calendar-proxy-read-for/>", ben).contains("ada"));
  EXPECT_EQ(get(kAdasHome + "trip/a.ics", ben), 200u);
  ASSERT_EQ(ask("MKCOL", kAdasHome + "later/").status, 201u);
  EXPECT_EQ(ask("PUT", kAdasHome + "later/b.ics", kEvent, {}, ben).status, 201u) << "made after he became a delegate";
  EXPECT_TRUE(find_all(kAdaPath + write + "/", "<D:group-member-set/>", ada).contains("ben"));
  EXPECT_TRUE(set("calendar-proxy-read", member, ada).contains(" 200 "));
  EXPECT_FALSE(find_all(kAdaPath + write + "/", "<D:group-member-set/>", ada).contains("ben")) << "in one of them only";
  EXPECT_TRUE(set("calendar-proxy-read", "", ada).contains(" 200 "));
  EXPECT_NE(get(kAdasHome + "trip/a.ics", ben), 200u);
  ASSERT_EQ(ask("MKCOL", kAdasHome + "latest/").status, 201u);
  EXPECT_NE(ask("PUT", kAdasHome + "latest/b.ics", kEvent, {}, ben).status, 201u) << "he is none any more";
  EXPECT_TRUE(set(write, "<D:href>/dav/principals/nobody@example.org/</D:href>", ada).contains("recognized-principal"));
}

TEST(ShareNote, ReadsWhatItPrints) {
  for (const auto state :
       {ShareNote::State::open, ShareNote::State::put_away, ShareNote::State::accepted, ShareNote::State::declined}) {
    const ShareNote note{state, true, "0a1b", Instant(std::chrono::seconds(1'700'000'000))};
    EXPECT_EQ(parse_note(print_note(note)), note);
  }
  for (const char* text :
       {"", "open", "open read 1", "open maybe 1 x", "shut read 1 x", "open read one x", "a b c d e"})
    EXPECT_FALSE(parse_note(text)) << text;
}

TEST(ShareNews, ReadsWhatItPrints) {
  for (const auto what :
       {ShareNews::What::changed, ShareNews::What::withdrawn, ShareNews::What::accepted, ShareNews::What::declined}) {
    const ShareNews news{what,   Instant(std::chrono::seconds(1'700'000'000)), PrincipalId(7),        true,
                         "0a1b", "/dav/calendars/ada@example.org/a trip%/",    "Two\nlines and words"};
    EXPECT_EQ(parse_news(print_news(news)), news);
  }
  for (const char* text : {"", "accepted", "accepted 1 2 read u /p", "gone 1 2 read u /p\nx",
                           "accepted x 2 read u /p\nx", "accepted 1 2 see u /p\nx", "accepted 1 2 read u\nx"})
    EXPECT_FALSE(parse_news(text)) << text;
}

}  // namespace
}  // namespace kontor::dav
