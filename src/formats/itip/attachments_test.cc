// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/attachments.h"

#include <gtest/gtest.h>

#include "formats/icalendar/calendar.h"
#include "formats/itip/testing.h"

namespace kontor::itip {
namespace {

const icalendar::ZoneDatabase& attachment_zones() {
  static const icalendar::ZoneDatabase kZones;
  return kZones;
}

Component daily() {
  return calendar_of(
      "BEGIN:VEVENT\nUID:u1\nDTSTART;TZID=Europe/Berlin:20120201T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY\n"
      "SUMMARY:Planning\nEND:VEVENT\n"
      "BEGIN:VEVENT\nUID:u1\nRECURRENCE-ID;TZID=Europe/Berlin:20120203T100000\n"
      "DTSTART;TZID=Europe/Berlin:20120203T140000\nDURATION:PT1H\nSUMMARY:Later\nEND:VEVENT");
}

// "": the series itself; else the RECURRENCE-ID's value.
std::string parts_with(const Component& calendar, std::string_view id) {
  std::string out;
  for (const Component& part : calendar.components)
    for (const Property* property : part.all("ATTACH"))
      if (property->parameter("MANAGED-ID") == id) out += "[" + std::string(part.value("RECURRENCE-ID")) + "]";
  return out;
}

const AttachmentLine kAgenda{"97S", "https://cal.example.com/attach/64/34X22R", "agenda.html", "text/html", 59};

TEST(ManagedAttachments, AreAddedToParts) {
  const struct {
    PartNames parts;
    std::string expected;
    const char* why;
  } cases[] = {
      {{}, "[][20120203T100000]", "all that are there"},
      {{"M"}, "[]", "the series alone"},
      {{"20120203T100000"}, "[20120203T100000]", "in the series' own time"},
      {{"20120203T090000Z"}, "[20120203T100000]", "in UTC"},
      {{"M", "20120206T090000Z"}, "[][20120206T100000]", "an instance gets a part, once"},
      {{"20120206T090000Z", "20120206T100000"}, "[20120206T100000]", "the same twice"},
      {{"20120206T093000Z"}, "", "no instance"},
      {{"M", "20120131T090000Z"}, "", "before it begins: nothing of it is done"},
      {{"X"}, "", "no name of an instance"},
  };
  for (const auto& [parts, expected, why] : cases) {
    Component calendar = daily();
    const auto added = add_attachment(calendar, kAgenda, parts, attachment_zones());
    EXPECT_EQ(parts_with(calendar, "97S"), expected) << why;
    EXPECT_EQ(added.has_value(), !expected.empty()) << why;
    if (!added) EXPECT_EQ(calendar, daily()) << why;
  }
}

TEST(ManagedAttachments, ReadAsTheRfcWritesThem) {
  Component calendar = calendar_of("BEGIN:VEVENT\nUID:u1\nDTSTART:20120201T100000Z\nEND:VEVENT");
  ASSERT_TRUE(add_attachment(calendar, kAgenda, {}, attachment_zones()));
  std::string text = icalendar::write(calendar);
  while (text.find("\r\n ") != std::string::npos) text.erase(text.find("\r\n "), 3);
  EXPECT_NE(text.find("ATTACH;MANAGED-ID=97S;FMTTYPE=text/html;SIZE=59;FILENAME=agenda.html:"
                      "https://cal.example.com/attach/64/34X22R\r\n"),
            std::string::npos)
      << text;
  EXPECT_FALSE(add_attachment(calendar, kAgenda, {"20120201T100000Z"}, attachment_zones())) << "it does not recur";
  EXPECT_EQ(managed_ids(calendar), std::vector<std::string>{"97S"});
}

TEST(ManagedAttachments, AreReplacedAndRemoved) {
  Component calendar = daily();
  ASSERT_TRUE(add_attachment(calendar, kAgenda, {}, attachment_zones()));
  AttachmentLine next = kAgenda;
  next.id = "98S";
  next.type.clear();
  EXPECT_EQ(replace_attachment(calendar, "nobody", next).error().code, Errc::not_found);
  ASSERT_TRUE(replace_attachment(calendar, "97S", next));
  EXPECT_EQ(parts_with(calendar, "98S"), "[][20120203T100000]");
  EXPECT_EQ(calendar.components[0].find("ATTACH")->find("FMTTYPE"), nullptr);
  Component one = calendar;
  ASSERT_TRUE(remove_attachment(one, "98S", {"20120206T090000Z"}, attachment_zones()));
  EXPECT_EQ(parts_with(one, "98S"), "[][20120203T100000]") << "an instance of its own has none";
  EXPECT_EQ(one.components.size(), calendar.components.size() + 1);
  EXPECT_EQ(remove_attachment(one, "98S", {"20120206T090000Z"}, attachment_zones()).error().code, Errc::not_found);
  ASSERT_TRUE(remove_attachment(calendar, "98S", {}, attachment_zones()));
  EXPECT_EQ(calendar, daily());
  EXPECT_EQ(remove_attachment(calendar, "98S", {}, attachment_zones()).error().code, Errc::not_found);
}

TEST(ManagedAttachments, GoOutInline) {
  Component calendar = daily();
  ASSERT_TRUE(add_attachment(calendar, kAgenda, {"M"}, attachment_zones()));
  AttachmentLine large = kAgenda;
  large.id = "99S";
  ASSERT_TRUE(add_attachment(calendar, large, {"M"}, attachment_zones()));
  EXPECT_TRUE(inline_attachments(calendar, [](const std::string& id) -> std::optional<InlineAttachment> {
    if (id != "97S") return std::nullopt;
    return InlineAttachment{"<p>hi</p>", "agenda.html", "text/html"};
  }));
  const auto attached = calendar.components[0].all("ATTACH");
  ASSERT_EQ(attached.size(), 2U);
  EXPECT_EQ(attached[0]->value, "PHA+aGk8L3A+");
  EXPECT_TRUE(attached[0]->has("VALUE", "BINARY"));
  EXPECT_EQ(attached[1]->value, large.uri) << "a link stays one";
  EXPECT_TRUE(managed_ids(calendar).empty());
}

}  // namespace
}  // namespace kontor::itip
