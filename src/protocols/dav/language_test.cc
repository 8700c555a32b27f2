// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/language.h"

#include <gtest/gtest.h>

#include "protocols/dav/dav_fixture.h"

namespace kontor::dav {
namespace {

class LanguageTest : public DavTest {
 protected:
  std::string set(const std::string& path, const std::string& properties) {
    return ask("PROPPATCH", path,
               "<D:propertyupdate xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav' "
               "xmlns:CR='urn:ietf:params:xml:ns:carddav'>" +
                   properties + "</D:propertyupdate>")
        .body;
  }
  std::string get(const std::string& path) {
    return ask("PROPFIND", path,
               "<propfind xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav' "
               "xmlns:CR='urn:ietf:params:xml:ns:carddav'><prop><displayname/><C:calendar-description/>"
               "<CR:addressbook-description/></prop></propfind>",
               {{"Depth", "0"}})
        .body;
  }
  const std::string calendar = "/dav/calendars/ada@example.org/calendar/",
                    book = "/dav/contacts/ada@example.org/contacts/";
};

TEST_F(LanguageTest, OfNamesAndDescriptionsIsKept) {
  set(calendar,
      "<D:set><D:prop xml:lang='de'><D:displayname>Arbeit</D:displayname>"
      "<C:calendar-description xml:lang='de-AT'>Was zu tun ist</C:calendar-description></D:prop></D:set>");
  EXPECT_TRUE(get(calendar).contains("<D:displayname xml:lang=\"de\">Arbeit</D:displayname>")) << get(calendar);
  EXPECT_TRUE(
      get(calendar).contains("<C:calendar-description xml:lang=\"de-AT\">Was zu tun ist</C:calendar-description>"))
      << get(calendar);
  set(book,
      "<D:set><D:prop><CR:addressbook-description xml:lang='fr'>Amis</CR:addressbook-description></D:prop></D:set>");
  EXPECT_TRUE(get(book).contains("<CR:addressbook-description xml:lang=\"fr\">Amis<")) << get(book);
  EXPECT_TRUE(get(book).contains("<D:displayname>")) << "its name has none";
}

TEST_F(LanguageTest, GoesWithTheText) {
  set(calendar, "<D:set><D:prop xml:lang='de'><C:calendar-description>Eins</C:calendar-description></D:prop></D:set>");
  set(calendar, "<D:set><D:prop><C:calendar-description>One</C:calendar-description></D:prop></D:set>");
  EXPECT_TRUE(get(calendar).contains("<C:calendar-description>One<")) << get(calendar);
  set(calendar,
      "<D:set><D:prop xml:lang='a\"&gt;'><C:calendar-description>One</C:calendar-description></D:prop></D:set>");
  EXPECT_TRUE(get(calendar).contains("<C:calendar-description>One<")) << "that is no language";
}

TEST_F(LanguageTest, ComesWithANewCollection) {
  const std::string made = "/dav/calendars/ada@example.org/neu/";
  EXPECT_EQ(ask("MKCALENDAR", made,
                "<C:mkcalendar xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'><D:set><D:prop>"
                "<D:displayname xml:lang='de'>Neu</D:displayname></D:prop></D:set></C:mkcalendar>")
                .status,
            201U);
  EXPECT_TRUE(get(made).contains("<D:displayname xml:lang=\"de\">Neu<")) << get(made);
}

TEST_F(DavTest, HomesKeepPropertiesOfClients) {
  const std::string home = "/dav/contacts/ada@example.org/";
  const std::string names =
      "<propfind xmlns='DAV:'><prop><me-card xmlns='http://calendarserver.org/ns/'/></prop></propfind>";
  const auto shown = [&](const std::string& path) { return ask("PROPFIND", path, names, {{"Depth", "0"}}).body; };
  const auto change = [&](const std::string& what, PrincipalId who) {
    return ask("PROPPATCH", home, "<propertyupdate xmlns='DAV:'>" + what + "</propertyupdate>", {}, who);
  };
  const std::string me = "<prop><me-card xmlns='http://calendarserver.org/ns/'><href xmlns='DAV:'>" + home +
                         "contacts/me.vcf</href></me-card></prop>";
  EXPECT_TRUE(change("<set>" + me + "</set>", ada).body.contains(" 200 "));
  EXPECT_TRUE(shown(home).contains("contacts/me.vcf")) << shown(home);
  EXPECT_FALSE(shown(home + "contacts/").contains("contacts/me.vcf")) << "it is the home's";
  EXPECT_FALSE(shown("/dav/calendars/ada@example.org/").contains("contacts/me.vcf"));
  EXPECT_NE(change("<set>" + me + "</set>", ben).status, 200U) << "hers alone";
  EXPECT_FALSE(change("<set>" + me + "</set>", ben).body.contains(" 200 "));
  EXPECT_TRUE(change("<remove>" + me + "</remove>", ada).body.contains(" 200 "));
  EXPECT_FALSE(shown(home).contains("contacts/me.vcf"));
}

TEST_F(DavTest, OptionsNameWhatClientsLookFor) {
  const std::string words = ", " + header(ask("OPTIONS", "/dav/calendars/ada@example.org/"), "DAV") + ",";
  for (const char* word : {"1", "2", "3", "access-control", "extended-mkcol", "calendar-access", "addressbook",
                           "calendar-auto-schedule", "calendar-availability", "calendar-managed-attachments",
                           "calendar-proxy", "calendarserver-sharing", "calendarserver-subscribed"})
    EXPECT_TRUE(words.contains(std::string(", ") + word + ",")) << word << " in " << words;
}

}  // namespace
}  // namespace kontor::dav
