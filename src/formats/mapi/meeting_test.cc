// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/meeting.h"

#include "formats/mapi/calendar_item_fixture.h"
#include "formats/mapi/entry_id.h"

namespace kontor::mapi::testing {
namespace {

Message mail(std::string_view message_class) {
  Message message = appointment();
  Properties& from = message.properties;
  set(from, tag::kMessageClass, message_class);
  set(from, tag::kSubjectPrefix, "Re: ");
  set(from, tag::kSubject, "Re: Plan");
  set_from(from, "Ann", "ann@example.org");
  from.set(tag::kGlobalObjectId, Value::of_bytes(print(global_object_id_of("uid-1"))));
  from.set(tag::kClientSubmitTime, time_value(utc(2026, 1, 5, 6)));
  from.set(tag::kAppointmentSequence, Value::of(2));
  from.set(tag::kAppointmentStateFlags, Value::of(3));
  from.set(tag::kBusyStatus, Value::of(1));
  from.set(tag::kIntendedBusyStatus, Value::of(3));
  message.recipients = {recipient("Bob", "bob@example.org", 1, 0)};
  return message;
}

MeetingPart part_from(const Message& message) {
  auto made = meeting_part(message, "", context());
  EXPECT_TRUE(made.has_value()) << made.error().text;
  if (!made) return {};
  const auto read = icalendar::read(made->text);
  EXPECT_TRUE(read && read->repairs.empty());
  EXPECT_EQ(made->uid, "uid-1");
  return *std::move(made);
}

constexpr std::string_view kMailHead = "BEGIN:VEVENT\nUID:uid-1\nDTSTAMP:20260105T060000Z\nSUMMARY:Plan\nSEQUENCE:2\n";
constexpr std::string_view kTimes =
    "DTSTART;TZID=Europe/Berlin:20260203T090000\nDTEND;TZID=Europe/Berlin:20260203T100000\n";

TEST(Meeting, IsAskedToAndCalledOff) {
  const MeetingPart asked = part_from(mail("IPM.Schedule.Meeting.Request"));
  EXPECT_EQ(asked.method, "REQUEST");
  const std::string people =
      "ORGANIZER;CN=Ann:mailto:ann@example.org\n"
      "ATTENDEE;CN=Bob;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.org\n";
  EXPECT_EQ(lines_of(asked.text), "METHOD:REQUEST\n" + std::string(kMailHead) +
                                      "TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:OOF\n" + people + std::string(kTimes) +
                                      "END:VEVENT\n");
  const MeetingPart off = part_from(mail("ipm.schedule.meeting.canceled.x"));
  EXPECT_EQ(off.method, "CANCEL");
  EXPECT_NE(off.text.find("STATUS:CANCELLED\r\n"), std::string::npos);
}

TEST(Meeting, IsAnswered) {
  struct Case {
    std::string_view name, status;
  };
  for (const Case& c : {Case{"IPM.Schedule.Meeting.Resp.Pos", "ACCEPTED"},
                        {"IPM.Schedule.Meeting.Resp.Neg", "DECLINED"},
                        {"IPM.Microsoft Schedule.MtgRespA", "TENTATIVE"}}) {
    Message message = mail(c.name);
    set(message.properties, tag::kBody, "Fine,\r\nthanks");
    message.properties.set(tag::kAttendeeCriticalChange, time_value(utc(2026, 1, 6)));
    const MeetingPart made = part_from(message);
    EXPECT_EQ(made.method, "REPLY");
    EXPECT_EQ(lines_of(made.text),
              "METHOD:REPLY\nBEGIN:VEVENT\nUID:uid-1\nDTSTAMP:20260106T000000Z\nSUMMARY:Plan\nSEQUENCE:2\n"
              "ORGANIZER;CN=Bob:mailto:bob@example.org\nATTENDEE;CN=Ann;PARTSTAT=" +
                  std::string(c.status) + ":mailto:ann@example.org\nCOMMENT:Fine\\,\\nthanks\n" + std::string(kTimes) +
                  "END:VEVENT\n");
  }
}

TEST(Meeting, IsAnsweredToWhoOrganizes) {
  Message message = mail("IPM.Schedule.Meeting.Resp.Pos");
  message.recipients.front().set(tag::kRecipientFlags, Value::of(3));
  EXPECT_TRUE(part_from(message).text.contains("ORGANIZER;CN=Bob:mailto:bob@example.org\r\n")) << "marked or not";
}

TEST(Meeting, HasAnotherTimeProposed) {
  Message message = mail("IPM.Schedule.Meeting.Resp.Tent");
  message.properties.set(tag::appointment(0x8257), Value::of(true));
  message.properties.set(tag::appointment(0x8250), time_value(utc(2026, 2, 4, 8)));
  message.properties.set(tag::appointment(0x8251), time_value(utc(2026, 2, 4, 9)));
  const MeetingPart made = part_from(message);
  EXPECT_EQ(made.method, "COUNTER");
  EXPECT_NE(made.text.find("DTSTART;TZID=Europe/Berlin:20260204T090000\r\n"), std::string::npos);
}

TEST(Meeting, IsOneInstance) {
  Message message = mail("IPM.Schedule.Meeting.Canceled");
  GlobalObjectId id = global_object_id_of("uid-1");
  id.year = 2026, id.month = 2, id.day = 2;
  message.properties.set(tag::kGlobalObjectId, Value::of_bytes(print(id)));
  EXPECT_NE(part_from(message).text.find("RECURRENCE-ID;TZID=Europe/Berlin:20260202T090000\r\n"), std::string::npos)
      << "when it begins now";
  message.properties.set(tag::meeting(0x000E), Value::of((14 << 12) | (30 << 6)));
  EXPECT_NE(part_from(message).text.find("RECURRENCE-ID;TZID=Europe/Berlin:20260202T143000\r\n"), std::string::npos)
      << "when the series does";
  message.properties.set(tag::kExceptionReplaceTime, time_value(utc(2026, 2, 2, 12)));
  EXPECT_NE(part_from(message).text.find("RECURRENCE-ID;TZID=Europe/Berlin:20260202T130000\r\n"), std::string::npos)
      << "when it was to begin";
}

TEST(Meeting, MailWithoutOneHasNone) {
  EXPECT_TRUE(is_meeting_mail("IPM.Microsoft Schedule.MtgReq"));
  for (const std::string_view name : {"IPM.Note", "IPM.Schedule.Meeting.Requests", "IPM.Schedule.Meeting", "",
                                      "IPM.Schedule.Meeting.Notification.Forward"}) {
    EXPECT_FALSE(is_meeting_mail(name)) << name;
    EXPECT_EQ(meeting_part(mail(name), "1", context()).error().code, Errc::invalid) << name;
  }
  Message message = mail("IPM.Schedule.Meeting.Request");
  message.properties.remove(tag::kGlobalObjectId);
  EXPECT_FALSE(meeting_part(message, "", context()).has_value());
  EXPECT_EQ(meeting_part(message, "mail-7", context())->uid, "mail-7");
}

}  // namespace
}  // namespace kontor::mapi::testing
