// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/mail.h"

#include <gtest/gtest.h>

#include <string>

#include "formats/itip/testing.h"

namespace kontor::itip {
namespace {

Message invitation(std::string_view summary) {
  return {Method::request,
          "a@example.com",
          {"b@example.com"},
          calendar_of("BEGIN:VEVENT\nUID:u\nDTSTAMP:20260101T000000Z\nORGANIZER;CN=Ada:mailto:a@example.com\n"
                      "ATTENDEE:mailto:b@example.com\nDTSTART;TZID=Europe/Berlin:20260707T100000\n"
                      "DTEND;TZID=Europe/Berlin:20260707T113000\nLOCATION:Room 1\nSUMMARY:" +
                          std::string(summary) + "\nEND:VEVENT",
                      "REQUEST")};
}

const MailFacts kFacts{.from_name = "Ada Übung",
                       .from = "a@example.com",
                       .to = "b@example.com",
                       .message_id = "<1@example.com>",
                       .now = Instant(std::chrono::seconds(1'782'000'000))};

TEST(InvitationMail, ReadsBackAsItWasSent) {
  const Message message = invitation("Größe\\, Länge");
  const std::string mail = make_mail(message, kFacts);
  for (const char c : mail) ASSERT_EQ(static_cast<unsigned char>(c) & 0x80, 0);
  const auto found = find_in_mail(mail);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->author, "a@example.com");
  EXPECT_EQ(found->calendar, message.calendar);
}

TEST(InvitationMail, IsReadable) {
  const std::string text = text_of(invitation("Weekly"), "Ada");
  EXPECT_NE(text.find("Ada invites you."), std::string::npos);
  EXPECT_NE(text.find("Tuesday, 07 July 2026, 10:00 - 11:30 (Europe/Berlin)"), std::string::npos) << text;
  EXPECT_NE(text.find("Room 1"), std::string::npos);
  EXPECT_EQ(subject_of(invitation("Weekly\\nBcc: x")), "Invitation: Weekly Bcc: x");
}

TEST(InvitationMail, WhatIsNone) {
  const std::string calendar =
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:u\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
  const struct {
    const char* why;
    std::string mail;
    bool is_one;
  } cases[] = {
      {"plain", "From: a@b.c\r\nContent-Type: text/calendar; method=request\r\n\r\n" + calendar, true},
      {"another method", "From: a@b.c\r\nContent-Type: text/calendar; method=cancel\r\n\r\n" + calendar, false},
      {"text", "From: a@b.c\r\n\r\n" + calendar, false},
      {"no method", "From: a@b.c\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", false},
      {"cut off", "From: a@b.c\r\nContent-Type: text/calendar\r\n\r\n" + calendar.substr(0, 70), false},
  };
  for (const auto& each : cases) EXPECT_EQ(find_in_mail(each.mail).has_value(), each.is_one) << each.why;
  EXPECT_EQ(find_in_mail("From: a@b.c, d@e.f\r\nContent-Type: text/calendar\r\n\r\n" + calendar)->author, "");
}

}  // namespace
}  // namespace kontor::itip
