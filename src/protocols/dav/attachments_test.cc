// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/attachments.h"

#include <gtest/gtest.h>

#include "formats/icalendar/calendar.h"
#include "formats/itip/attachments.h"
#include "formats/itip/testing.h"
#include "formats/lines/reader.h"
#include "groupware/scheduling/scheduler.h"
#include "protocols/dav/dav_fixture.h"

namespace kontor::dav {
namespace {

const std::string kAttachingHome = "/dav/calendars/ada@example.org/";
const std::string kInvitedHome = "/dav/calendars/ben@example.org/";
const std::string kAttachedEvent = kAttachingHome + "calendar/64.ics";

class DavAttachmentsTest : public DavTest {
 protected:
  static std::string one(const std::string& lines, const std::string& uid = "u64") {
    return icalendar::write(itip::calendar_of(
        "BEGIN:VEVENT\nUID:" + uid + "\nDTSTAMP:20231101T000000Z\nDTSTART:20231201T100000Z\nSUMMARY:Planning\n" +
        lines + "END:VEVENT"));
  }
  Response add(const std::string& path, const std::string& bytes, const std::string& more = "", Headers headers = {},
               PrincipalId who = {}) {
    headers.emplace_back("Content-Type", "text/html; charset=\"utf-8\"");
    headers.emplace_back("Content-Disposition", "attachment;filename=agenda.html");
    return ask("POST", path + "?action=attachment-add" + more, bytes, std::move(headers), who);
  }
  static std::vector<itip::Property> attached(const std::string& text) {
    std::vector<itip::Property> out;
    if (const auto read = icalendar::read(text))
      for (const itip::Component& part : read->calendars.front().components)
        for (const itip::Property* property : part.all("ATTACH")) out.push_back(*property);
    return out;
  }
  static std::string path_of(const itip::Property& property) {
    return property.value.substr(property.value.find("/dav/"));
  }
};

TEST_F(DavAttachmentsTest, AreAddedUpdatedAndRemoved) {
  ASSERT_EQ(ask("PUT", kAttachedEvent, one("")).status, 201U);
  const Response added = add(kAttachedEvent, "<p>Agenda</p>", "", {{"Prefer", "return=representation"}});
  ASSERT_EQ(added.status, 201U) << added.body;
  const std::string id = header(added, "Cal-Managed-ID");
  EXPECT_EQ(header(added, "Content-Location"), "http://dav.example.org" + kAttachedEvent);
  const Response got = ask("GET", kAttachedEvent);
  EXPECT_EQ(got.body, added.body);
  EXPECT_EQ(header(got, "ETag"), header(added, "ETag"));
  const auto lines = attached(got.body);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].parameter("MANAGED-ID"), id);
  EXPECT_EQ(lines[0].parameter("FMTTYPE"), "text/html");
  EXPECT_EQ(lines[0].parameter("SIZE"), "13");
  EXPECT_EQ(lines[0].parameter("FILENAME"), "agenda.html");
  EXPECT_EQ(lines[0].value, "http://dav.example.org/dav/attachments/" + id + "/agenda.html");
  const Response file = ask("GET", path_of(lines[0]));
  EXPECT_EQ(file.body, "<p>Agenda</p>");
  EXPECT_EQ(file.content_type, "text/html; charset=\"utf-8\"");
  EXPECT_EQ(header(file, "Content-Disposition"), "attachment; filename=\"agenda.html\"");
  EXPECT_EQ(ask("GET", path_of(lines[0]), "", {{"Range", "bytes=3-8"}}).body, "Agenda");
  EXPECT_EQ(ask("GET", path_of(lines[0]), "", {{"If-None-Match", header(file, "ETag")}}).status, 304U);
  EXPECT_EQ(ask("PROPFIND", path_of(lines[0]), "", {{"Depth", "0"}}).status, 207U);
  for (const char* method : {"PUT", "DELETE", "COPY", "MOVE", "LOCK"})
    EXPECT_EQ(ask(method, path_of(lines[0])).status, 405U) << method;

  const Response updated = ask("POST", kAttachedEvent + "?action=attachment-update&managed-id=" + id, "<p>More</p>",
                               {{"Content-Type", "text/html"}});
  ASSERT_EQ(updated.status, 204U) << updated.body;
  const std::string next = header(updated, "Cal-Managed-ID");
  EXPECT_NE(next, id);
  const auto now = attached(ask("GET", kAttachedEvent).body);
  ASSERT_EQ(now.size(), 1U);
  EXPECT_EQ(now[0].parameter("MANAGED-ID"), next);
  EXPECT_EQ(now[0].parameter("FILENAME"), "agenda.html") << "it keeps its name";
  EXPECT_EQ(ask("GET", path_of(now[0])).body, "<p>More</p>");

  const Response removed = ask("POST", kAttachedEvent + "?action=attachment-remove&managed-id=" + next);
  EXPECT_EQ(removed.status, 204U) << removed.body;
  EXPECT_TRUE(header(removed, "Cal-Managed-ID").empty());
  EXPECT_TRUE(attached(ask("GET", kAttachedEvent).body).empty());
  expect_sound();
}

TEST_F(DavAttachmentsTest, GoToInstances) {
  ASSERT_EQ(ask("PUT", kAttachedEvent, one("RRULE:FREQ=DAILY\n")).status, 201U);
  ASSERT_EQ(add(kAttachedEvent, "x", "&rid=M%2C20231203T100000Z").status, 201U);
  const std::string text = ask("GET", kAttachedEvent).body;
  EXPECT_EQ(attached(text).size(), 2U);
  EXPECT_NE(text.find("RECURRENCE-ID:20231203T100000Z"), std::string::npos);
  const std::string id(attached(text)[0].parameter("MANAGED-ID"));
  EXPECT_EQ(ask("POST", kAttachedEvent + "?action=attachment-remove&rid=20231203T100000Z&managed-id=" + id).status,
            204U);
  EXPECT_EQ(attached(ask("GET", kAttachedEvent).body).size(), 1U);
  EXPECT_EQ(ask("POST", kAttachedEvent + "?action=attachment-remove&managed-id=" + id).status, 204U);
  expect_sound();
}

TEST_F(DavAttachmentsTest, RefusesWithPreconditions) {
  dav_options.largest_attachment = 100;
  dav_options.attachments_per_object = 2;
  ASSERT_EQ(ask("PUT", kAttachedEvent, one("")).status, 201U);
  const std::string id = header(add(kAttachedEvent, "one"), "Cal-Managed-ID");
  ASSERT_EQ(add(kAttachedEvent, "two").status, 201U);
  const struct {
    std::string query;
    Headers headers;
    const char* condition;
  } cases[] = {
      {"action=attachment-eat", {}, "valid-action"},
      {"action=attachment-add&managed-id=" + id, {}, "valid-managed-id"},
      {"action=attachment-update", {}, "valid-managed-id"},
      {"action=attachment-update&managed-id=97S", {}, "valid-managed-id"},
      {"action=attachment-remove&managed-id=97S", {}, "valid-managed-id"},
      {"action=attachment-update&rid=M&managed-id=" + id, {}, "valid-rid"},
      {"action=attachment-add&rid=", {}, "valid-rid"},
      {"action=attachment-add&rid=20231201T100000Z", {}, "valid-rid"},
      {"action=attachment-add&rid=nonsense", {}, "valid-rid"},
      {"action=attachment-add", {{"Content-Length", "101"}}, "max-attachment-size"},
      {"action=attachment-add", {}, "max-attachments-per-resource"},
  };
  for (const auto& [query, headers, condition] : cases) {
    const bool removes = query.find("remove") != std::string::npos;
    const Response refused = ask("POST", kAttachedEvent + "?" + query, removes ? "" : "x", headers);
    EXPECT_EQ(refused.status, 403U) << query;
    EXPECT_NE(refused.body.find(std::string("<C:") + condition), std::string::npos) << query << ": " << refused.body;
  }
  EXPECT_EQ(add(kAttachedEvent, "x", "", {{"If-Match", "\"other\""}}).status, 412U);
  EXPECT_EQ(ask("POST", kAttachingHome + "calendar/none.ics?action=attachment-add", "x").status, 405U);
  EXPECT_EQ(attached(ask("GET", kAttachedEvent).body).size(), 2U);
  const Response properties =
      ask("PROPFIND", kAttachingHome + "calendar/",
          "<D:propfind xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:prop><C:max-attachment-size/>"
          "<C:max-attachments-per-resource/></D:prop></D:propfind>",
          {{"Depth", "0"}});
  EXPECT_NE(properties.body.find("<C:max-attachment-size>100<"), std::string::npos) << properties.body;
  EXPECT_NE(properties.body.find("<C:max-attachments-per-resource>2<"), std::string::npos);
  EXPECT_NE(header(ask("OPTIONS", kAttachingHome), "DAV").find("calendar-managed-attachments"), std::string::npos);
  expect_sound();
}

TEST_F(DavAttachmentsTest, KnownOnesMayBePutElsewhere) {
  ASSERT_EQ(ask("PUT", kAttachedEvent, one("")).status, 201U);
  ASSERT_EQ(add(kAttachedEvent, "agenda").status, 201U);
  std::string text = ask("GET", kAttachedEvent).body;
  const std::string id(attached(text)[0].parameter("MANAGED-ID"));
  const auto uid_at = text.find("u64");
  const std::string other = std::string(text).replace(uid_at, 3, "u65");
  EXPECT_EQ(ask("PUT", kAttachingHome + "calendar/65.ics", other).status, 201U);
  const std::string unknown = one("ATTACH;MANAGED-ID=97S:https://cal.example.com/x\n", "u66");
  const Response refused = ask("PUT", kAttachingHome + "calendar/66.ics", unknown);
  EXPECT_EQ(refused.status, 403U);
  EXPECT_NE(refused.body.find("valid-managed-id"), std::string::npos);
  EXPECT_EQ(ask("PUT", kInvitedHome + "calendar/66.ics", other, {}, ben).status, 403U) << "it is not his to read";
  EXPECT_EQ(ask("GET", "/dav/attachments/" + id + "/agenda.html", "", {}, ben).status, 404U);
  EXPECT_EQ(ask("DELETE", kAttachedEvent).status, 204U);
  EXPECT_EQ(ask("GET", "/dav/attachments/" + id + "/agenda.html").body, "agenda") << "the other one has it";
  ASSERT_EQ(ask("MKCALENDAR", kAttachingHome + "work/").status, 201U);
  EXPECT_EQ(
      ask("MOVE", kAttachingHome + "calendar/65.ics", "", {{"Destination", kAttachingHome + "work/65.ics"}}).status,
      201U);
  EXPECT_EQ(
      ask("COPY", kAttachingHome + "work/65.ics", "", {{"Destination", kAttachingHome + "calendar/65.ics"}}).status,
      201U);
  EXPECT_EQ(attached(ask("GET", kAttachingHome + "calendar/65.ics").body)[0].parameter("MANAGED-ID"), id);
  expect_sound();
}

TEST_F(DavAttachmentsTest, GoAlongToOtherAccounts) {
  const auto account = open(ada);
  const FolderId calendar = by_role(*account, groupware::FolderRole::calendar);
  grant(*account, calendar, ben, groupware::right::kEditor);
  ASSERT_EQ(ask("PUT", kAttachedEvent, one("")).status, 201U);
  ASSERT_EQ(add(kAttachedEvent, "by ben", "", {}, ben).status, 201U) << "a delegate attaches";
  const std::string text = ask("GET", kAttachedEvent, "", {}, ben).body;
  const auto line = attached(text)[0];
  EXPECT_EQ(ask("GET", path_of(line), "", {}, ben).body, "by ben");
  // By COPY, and by a client that moves with PUT.
  EXPECT_EQ(ask("COPY", kAttachedEvent, "", {{"Destination", kInvitedHome + "calendar/64.ics"}}, ben).status, 201U);
  std::string other = text;
  other.replace(other.find("u64"), 3, "u65");
  const Response put = ask("PUT", kInvitedHome + "calendar/65.ics", other, {}, ben);
  EXPECT_EQ(put.status, 201U) << put.body;
  EXPECT_TRUE(header(put, "ETag").empty()) << "it is not what was sent";
  ASSERT_EQ(ask("DELETE", kAttachedEvent).status, 204U);
  for (const char* name : {"calendar/64.ics", "calendar/65.ics"}) {
    const auto own = attached(ask("GET", kInvitedHome + name, "", {}, ben).body);
    ASSERT_EQ(own.size(), 1U);
    EXPECT_NE(own[0].parameter("MANAGED-ID"), line.parameter("MANAGED-ID"));
    EXPECT_EQ(ask("GET", path_of(own[0]), "", {}, ben).body, "by ben");
    EXPECT_EQ(ask("GET", path_of(own[0])).status, 404U) << "it is ben's now";
  }
  expect_sound();
}

TEST_F(DavAttachmentsTest, MoreThanMayBeAddedCanStay) {
  ASSERT_EQ(ask("PUT", kAttachedEvent, one("")).status, 201U);
  ASSERT_EQ(add(kAttachedEvent, "one").status, 201U);
  const std::string second = header(add(kAttachedEvent, "two"), "Cal-Managed-ID");
  dav_options.attachments_per_object = 1;
  std::string text = ask("GET", kAttachedEvent).body;
  text.replace(text.find("Planning"), 8, "Planned!");
  EXPECT_EQ(ask("PUT", kAttachedEvent, text).status, 204U);
  EXPECT_EQ(add(kAttachedEvent, "three").status, 403U);
  EXPECT_EQ(ask("POST", kAttachedEvent + "?action=attachment-update&managed-id=" + second, "2").status, 204U);
  EXPECT_EQ(attached(ask("GET", kAttachedEvent).body).size(), 2U);
  expect_sound();
}

TEST_F(DavAttachmentsTest, CardsTakeTheirsAlong) {
  ASSERT_EQ(ask("PUT", kAttachedEvent, one("")).status, 201U);
  ASSERT_EQ(add(kAttachedEvent, "of a card").status, 201U);
  const auto line = attached(ask("GET", kAttachedEvent).body)[0];
  const std::string card = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:c\r\nFN:Carl\r\nX-KONTOR-ATTACH;MANAGED-ID=" +
                           std::string(line.parameter("MANAGED-ID")) + ":https://h" + path_of(line) +
                           "\r\nEND:VCARD\r\n";
  const std::string book = "/dav/contacts/ada@example.org/contacts/";
  ASSERT_EQ(ask("PUT", book + "c.vcf", card, {{"Content-Type", "text/vcard"}}).status, 201U);
  ASSERT_EQ(ask("DELETE", kAttachedEvent).status, 204U);
  EXPECT_EQ(ask("GET", path_of(line)).body, "of a card") << "the card keeps it";
  const auto account = open(ada);
  grant(*account, by_role(*account, groupware::FolderRole::contacts), ben, groupware::right::kEditor);
  const std::string there = "/dav/contacts/ben@example.org/contacts/c.vcf";
  ASSERT_EQ(ask("COPY", book + "c.vcf", "", {{"Destination", there}}, ben).status, 201U);
  ASSERT_EQ(ask("DELETE", book + "c.vcf").status, 204U);
  const auto copied = lines::read(ask("GET", there, "", {{"Accept", "text/vcard; version=4.0"}}, ben).body);
  const itip::Property* own = copied ? copied->components[0].find("X-KONTOR-ATTACH") : nullptr;
  ASSERT_NE(own, nullptr);
  EXPECT_NE(own->parameter("MANAGED-ID"), line.parameter("MANAGED-ID"));
  EXPECT_EQ(ask("GET", path_of(*own), "", {}, ben).body, "of a card");
  expect_sound();
}

TEST_F(DavAttachmentsTest, WhatIsHiddenIsNotChanged) {
  const auto account = open(ada);
  const FolderId calendar = by_role(*account, groupware::FolderRole::calendar);
  grant(*account, calendar, ben, groupware::right::kEditor & ~groupware::right::kReadPrivate);
  ASSERT_EQ(ask("PUT", kAttachedEvent, one("CLASS:CONFIDENTIAL\n")).status, 201U);
  ASSERT_EQ(add(kAttachedEvent, "secret").status, 201U);
  const std::string path = path_of(attached(ask("GET", kAttachedEvent).body)[0]);
  EXPECT_EQ(ask("GET", path, "", {}, ben).status, 404U);
  EXPECT_EQ(add(kAttachedEvent, "x", "", {}, ben).status, 403U);
  EXPECT_EQ(ask("GET", path).body, "secret");
}

TEST_F(DavAttachmentsTest, AttendeesGetThem) {
  groupware::Scheduler keeper{groupware::Scheduler::Services{*accounts, *directory, clock}};
  scheduler = &keeper;
  ASSERT_EQ(ask("PUT", kAttachedEvent,
                one("ORGANIZER:mailto:ada@example.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.org\n"
                    "ATTENDEE;RSVP=TRUE:mailto:ben@example.org\n"))
                .status,
            201U);
  const auto theirs = [&] {
    const Response list = ask("PROPFIND", kInvitedHome + "calendar/", "", {{"Depth", "1"}}, ben);
    const auto end = list.body.rfind(".ics</D:href>");
    const auto begin = list.body.rfind('>', end) + 1;
    return ask("GET", list.body.substr(begin, end + 4 - begin), "", {}, ben).body;
  };
  EXPECT_TRUE(attached(theirs()).empty());
  const Response added = add(kAttachedEvent, "agenda");
  ASSERT_EQ(added.status, 201U) << added.body;
  const auto first = attached(theirs());
  ASSERT_EQ(first.size(), 1U);
  EXPECT_NE(first[0].parameter("MANAGED-ID"), header(added, "Cal-Managed-ID"));
  EXPECT_EQ(ask("GET", path_of(first[0]), "", {}, ben).body, "agenda");
  // A second one: the first copy stays.
  ASSERT_EQ(add(kAttachedEvent, "minutes").status, 201U);
  const auto both = attached(theirs());
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0], first[0]);
  const std::string answered = [&] {
    auto read = groupware::must(icalendar::read(theirs()));
    itip::set_status(*itip::attendee(read.calendars[0].components[0], "ben@example.org"), "ACCEPTED");
    return icalendar::write(read.calendars[0]);
  }();
  const Response list = ask("PROPFIND", kInvitedHome + "calendar/", "", {{"Depth", "1"}}, ben);
  const auto end = list.body.rfind(".ics</D:href>");
  const auto begin = list.body.rfind('>', end) + 1;
  EXPECT_EQ(ask("PUT", list.body.substr(begin, end + 4 - begin), answered, {}, ben).status, 204U);
  EXPECT_EQ(attached(ask("GET", kAttachedEvent).body).size(), 2U) << "an answer changes nothing of it";
  EXPECT_NE(ask("GET", kAttachedEvent).body.find("PARTSTAT=ACCEPTED"), std::string::npos);
  ASSERT_EQ(
      ask("POST", kAttachedEvent + "?action=attachment-remove&managed-id=" + header(added, "Cal-Managed-ID")).status,
      204U);
  EXPECT_EQ(attached(theirs()).size(), 1U);
  EXPECT_EQ(ask("DELETE", kAttachedEvent).status, 204U);
  expect_sound();
}

}  // namespace
}  // namespace kontor::dav
