// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/event.h"

#include "base/bytes.h"
#include "formats/mapi/calendar_item_fixture.h"
#include "formats/mapi/entry_id.h"
#include "formats/mapi/recurrence.h"

namespace kontor::mapi::testing {
namespace {

CalendarObject event_from(const Message& message, const CalendarContext& with = context()) {
  auto made = event_of(message, "fallback", with);
  EXPECT_TRUE(made.has_value()) << made.error().text;
  if (!made) return {};
  expect_reads_back(*made);
  return *std::move(made);
}

constexpr std::string_view kEventHead =
    "BEGIN:VEVENT\nUID:fallback\nDTSTAMP:20260102T030400Z\nCREATED:20260101T000000Z\nLAST-MODIFIED:20260102T030400Z\n";

TEST(Event, IsAnICalendarObject) {
  const CalendarObject made = event_from(appointment());
  EXPECT_EQ(lines_of(made.text), std::string(kEventHead) +
                                     "SUMMARY:Plan\\; the rest\nDTSTART;TZID=Europe/Berlin:20260203T090000\n"
                                     "DTEND;TZID=Europe/Berlin:20260203T100000\nEND:VEVENT\n");
  EXPECT_NE(made.text.find("TZID:Europe/Berlin\r\n"), std::string::npos) << "a zone that is named is there";
  EXPECT_TRUE(made.losses.empty());
  EXPECT_FALSE(made.kept.has(tag::kAppointmentStartWhole)) << "what the text says is not kept again";
  EXPECT_TRUE(made.kept.has(tag::kMessageClass));
}

TEST(Event, SaysWhatOnePropertyMeans) {
  struct Case {
    Tag tag;
    Value value;
    std::string lines;  // in it
    std::string_view why;
  };
  const Case cases[] = {
      {tag::kBusyStatus, Value::of(0), "TRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:FREE\n", "free"},
      {tag::kBusyStatus, Value::of(1), "TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\nSTATUS:TENTATIVE\n",
       "tentative"},
      {tag::kBusyStatus, Value::of(2), "TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY\n", "busy"},
      {tag::kBusyStatus, Value::of(3), "TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:OOF\n", "out of office"},
      {tag::kBusyStatus, Value::of(4), "TRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE\n",
       "elsewhere"},
      {tag::kPrivate, Value::of(true), "CLASS:PRIVATE\n", "private by Outlook's flag"},
      {tag::kSensitivity, Value::of(2), "CLASS:PRIVATE\n", "private"},
      {tag::kSensitivity, Value::of(3), "CLASS:CONFIDENTIAL\n", "confidential"},
      {tag::kImportance, Value::of(2), "PRIORITY:1\n", "important"},
      {tag::kAppointmentColor, Value::of(3), "COLOR:green\n", "a label"},
      {tag::kAppointmentSequence, Value::of(4), "SEQUENCE:4\n", "its revision"},
      {tag::kLocation, Value::of_text("Room, two"), "LOCATION:Room\\, two\n", "a place"},
      {tag::kBody, Value::of_text("One\r\ntwo\a"), "DESCRIPTION:One\\ntwo\n", "control characters go"},
      {tag::kKeywords, Value::of_texts({"a, b", "c"}), "CATEGORIES:a\\, b,c\n", "categories"},
      {tag::kAppointmentStateFlags, Value::of(4), "", "cancelled without saying how busy"},
      {tag::kReminderSet, Value::of(true), "TRIGGER:-PT15M\n", "a reminder as usual"},
  };
  for (const Case& c : cases) {
    Message message = appointment();
    message.properties.set(c.tag, c.value);
    EXPECT_NE(lines_of(event_from(message).text).find(c.lines), std::string::npos) << c.why << "\n"
                                                                                   << event_from(message).text;
  }
}

TEST(Event, HasTheBodyThatIsThere) {
  Message message = appointment();
  message.properties.set(tag::kHtml, Value::of_bytes("<p>\xE4; b</p>"));
  message.properties.set(tag::kInternetCodepage, Value::of(1252));
  const CalendarObject made = event_from(message);
  EXPECT_NE(lines_of(made.text).find("DESCRIPTION:ä\\; b\nX-ALT-DESC;FMTTYPE=text/html:<p>ä\\; b</p>\n"),
            std::string::npos)
      << made.text;
}

TEST(Event, OfWholeDaysIsOnTheDayThatWasMeant) {
  struct Case {
    Instant start, end;
    std::string_view days;
    std::string_view why;
  };
  const Case cases[] = {
      {utc(2026, 2, 2, 23), utc(2026, 2, 3, 23), "20260203 20260204", "midnight in Berlin"},
      {utc(2026, 8, 3), utc(2026, 8, 6), "20260803 20260806", "midnight of UTC, as kopano-ical writes it"},
      {utc(2026, 3, 28, 23), utc(2026, 3, 29, 22), "20260329 20260330", "a day of 23 hours"},
      {utc(2026, 2, 2, 23), utc(2026, 2, 3, 22, 59), "20260203 20260204", "a minute less"},
      {utc(2026, 2, 2, 23), utc(2026, 2, 2, 23), "20260203 20260204", "no length at all"},
      {utc(2026, 2, 3, 5), utc(2026, 2, 4, 5), "20260203 20260204", "midnight in New York"},
  };
  for (const Case& c : cases) {
    Message message = appointment();
    message.properties.set(tag::kAppointmentSubType, Value::of(true));
    message.properties.set(tag::kAppointmentStartWhole, time_value(c.start));
    message.properties.set(tag::kAppointmentEndWhole, time_value(c.end));
    const std::string days(c.days);
    EXPECT_NE(lines_of(event_from(message).text)
                  .find("DTSTART;VALUE=DATE:" + days.substr(0, 8) + "\nDTEND;VALUE=DATE:" + days.substr(9) + "\n"),
              std::string::npos)
        << c.why << "\n"
        << event_from(message).text;
  }
}

TEST(Event, TakesTheZoneThatIsKnown) {
  Message message = appointment();
  message.properties.remove(tag::kTimeZoneStruct);
  message.properties.remove(tag::kTimeZoneDescription);
  EXPECT_NE(event_from(message).text.find("DTSTART:20260203T080000Z\r\n"), std::string::npos) << "nothing says where";
  CalendarContext with = context();
  with.owner_zone = "Europe/Oslo";
  const std::string text = event_from(message, with).text;
  EXPECT_NE(text.find("DTSTART;TZID=Europe/Oslo:20260203T090000\r\n"), std::string::npos) << "the owner's";
  EXPECT_NE(text.find("TZID:Europe/Oslo\r\n"), std::string::npos);
  ZoneRule moon = berlin();
  moon.bias = -77;
  message.properties.set(tag::kTimeZoneStruct, Value::of_bytes(write_zone_struct(moon)));
  set(message.properties, tag::kTimeZoneDescription, "Europe/Berlin");
  const CalendarObject odd = event_from(message);
  EXPECT_NE(odd.text.find("DTSTART;TZID=Europe/Berlin (of the item):20260203T091700\r\n"), std::string::npos)
      << "clocks count, and no name that readers would believe\n"
      << odd.text;
}

TEST(Event, WithoutABeginningIsANote) {
  Message message;
  set(message.properties, tag::kSubject, "When?");
  const CalendarObject note = event_from(message);
  EXPECT_NE(note.text.find("BEGIN:VJOURNAL\r\nUID:fallback\r\n"), std::string::npos) << note.text;
  EXPECT_NE(note.text.find("SUMMARY:When?\r\n"), std::string::npos);
  EXPECT_EQ(note.losses.size(), 1U);
  message.properties = {};
  message.properties.set(tag::kStartDate, time_value(utc(2026, 2, 3, 8)));
  message.properties.set(tag::kAppointmentDuration, Value::of(30));
  EXPECT_NE(event_from(message).text.find("DTSTART:20260203T080000Z\r\nDTEND:20260203T083000Z\r\n"), std::string::npos);
  message.properties.remove(tag::kAppointmentDuration);
  EXPECT_EQ(event_from(message).text.find("DTEND"), std::string::npos) << "no end that is no later";
}

TEST(Event, OfASeriesBeginsWhereItsPatternDoes) {
  Message message = appointment();
  Recurrence pattern;
  pattern.start_date = 223500960 / kDayMinutes * kDayMinutes;  // 2025-12-13
  pattern.has_times = true;
  pattern.start_offset = 600;
  pattern.end_offset = 630;
  message.properties.set(tag::kAppointmentRecur, Value::of_bytes(write(pattern)));
  for (const Tag& tag : {tag::kAppointmentStartWhole, tag::kAppointmentEndWhole}) message.properties.remove(tag);
  const CalendarObject made = event_from(message);
  EXPECT_NE(made.text.find("DTSTART;TZID=Europe/Berlin:20251213T100000\r\nDTEND;TZID=Europe/Berlin:20251213T103000\r\n"
                           "RRULE:FREQ=DAILY\r\n"),
            std::string::npos)
      << made.text;
  EXPECT_TRUE(made.losses.empty());
}

TEST(Event, HasTheUidThatOthersKnow) {
  Message message = appointment();
  set(message.properties, tag::kCalDavUid, "name.ics");
  EXPECT_EQ(event_from(message).uid, "name.ics");
  message.properties.set(tag::kGlobalObjectId, Value::of_bytes(print(global_object_id_of("a, b@example.org"))));
  EXPECT_EQ(event_from(message).uid, "a, b@example.org");
  GlobalObjectId own{.year = 2026, .month = 2, .day = 3, .creation_time = 5, .data = "x"};
  message.properties.set(tag::kGlobalObjectId, Value::of_bytes(print(own)));
  EXPECT_EQ(event_from(message).uid,
            "040000008200E00074C5B7101A82E00800000000050000000000000000000000000000000100000078")
      << "without the day of an instance";
}

TEST(Event, OfAMeetingHasItsPeople) {
  Message message = appointment();
  message.properties.set(tag::kAppointmentStateFlags, Value::of(3));
  message.properties.set(tag::kResponseStatus, Value::of(2));
  message.properties.set(tag::kBusyStatus, Value::of(1));
  set_from(message.properties, "Ann", "ann@example.org");
  message.recipients = {recipient("Ann", "ann@example.org", 0, 0),       recipient("Olga", "OLGA@example.org", 1, 0),
                        recipient("Bob, jr", "bob@example.org", 2, 4),   recipient("Room", "room@example.org", 3, 3),
                        recipient("Bob again", "bob@example.org", 1, 0), recipient("Gone", "", 1, 3)};
  const CalendarObject made = event_from(message);
  EXPECT_NE(lines_of(made.text).find(
                "ORGANIZER;CN=Ann:mailto:ann@example.org\n"
                "ATTENDEE;CN=Olga;ROLE=REQ-PARTICIPANT;PARTSTAT=TENTATIVE:mailto:OLGA@example.org\n"
                "ATTENDEE;CN=\"Bob, jr\";ROLE=OPT-PARTICIPANT;PARTSTAT=DECLINED:mailto:bob@example.org\n"
                "ATTENDEE;CN=Room;CUTYPE=RESOURCE;ROLE=NON-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:room@example.org\n"
                "ATTENDEE;CN=Gone;SCHEDULE-AGENT=NONE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:invalid:Gone\n"),
            std::string::npos)
      << made.text;
  EXPECT_EQ(made.text.find("\r\nSTATUS:TENTATIVE"), std::string::npos) << "who attends is, not the meeting";
  EXPECT_EQ(made.losses, std::vector<std::string>{"\"Gone\" was invited to a meeting and has no address."});
}

TEST(Event, HasItsAttachmentsAsLongAsTheyAreSmall) {
  Message message = appointment();
  for (const std::string_view name : {"a.txt", "b.bin", "gone", "link"}) {
    Attachment& made = message.attachments.emplace_back();
    set(made.properties, tag::kAttachLongFilename, name);
    made.properties.set(tag::kAttachMethod, Value::of(1));
  }
  set(message.attachments[0].properties, tag::kAttachMimeTag, "text/plain");
  set(message.attachments[3].properties, tag::kAttachLongPathname, "https://example.org/x");
  message.attachments[3].properties.set(tag::kAttachMethod, Value::of(7));
  CalendarContext with = context();
  with.most_attached = 5;
  with.read = [](const Attachment& attachment, const TakePiece& take) -> Result<void> {
    const std::string_view name = attachment.properties.text_or_empty(tag::kAttachLongFilename);
    if (name == "gone") return fail(Errc::not_found, "It is gone.");
    TRY_VOID(take("abc"));
    return take("");
  };
  const CalendarObject made = event_from(message, with);
  EXPECT_NE(lines_of(made.text).find("ATTACH;FMTTYPE=text/plain;FILENAME=a.txt;ENCODING=BASE64;VALUE=BINARY:YWJj\n"
                                     "ATTACH;FMTTYPE=application/octet-stream;FILENAME=link:https://example.org/x\n"),
            std::string::npos)
      << made.text;
  EXPECT_EQ(made.losses.size(), 1U);
  EXPECT_EQ(made.left_out, std::vector<std::string>{"b.bin"});
  with.read = [](const Attachment&, const TakePiece&) -> Result<void> { return fail(Errc::unavailable, "Later."); };
  EXPECT_EQ(event_of(message, "1", with).error().code, Errc::unavailable) << "what may come later is no loss";
}

TEST(Event, HasAttachedMessagesAsMail) {
  Message message = appointment();
  Message& inner = message.attachments.emplace_back().embedded.emplace_back();
  set(inner.properties, tag::kMessageClass, "IPM.Note");
  set(inner.properties, tag::kSubject, "What was agreed");
  set(inner.properties, tag::kBody, "All of it.");
  const CalendarObject made = event_from(message);
  EXPECT_TRUE(made.text.contains("ATTACH;FMTTYPE=message/rfc822;FILENAME=What was agreed.eml;ENCODING="));
  EXPECT_TRUE(made.losses.empty());
  const auto read = icalendar::read(made.text);
  const auto mail = from_base64(read->calendars.front().components.back().value("ATTACH"));
  ASSERT_TRUE(mail.has_value());
  EXPECT_TRUE(mail->contains("Subject: What was agreed\r\n") && mail->contains("All of it.")) << *mail;
}

// Weekly on Tuesdays at 9:00, three times; the second was moved to Wednesday at 10:00.
Recurrence weekly() {
  Recurrence made{.frequency = Recurrence::Frequency::weekly, .pattern = Recurrence::Pattern::week, .period = 1};
  const Minutes start =
      static_cast<Minutes>(std::chrono::duration_cast<std::chrono::minutes>(utc(2026, 2, 3) - utc(1601, 1, 1)).count());
  made.weekdays = 1U << 2U;
  made.end = Recurrence::End::count;
  made.count = 3;
  made.start_date = start;
  made.end_date = start + 14 * kDayMinutes;
  made.has_times = true;
  made.start_offset = 9 * 60;
  made.end_offset = 10 * 60;
  const Minutes second = start + 7 * kDayMinutes;
  made.deleted = {second, start + 14 * kDayMinutes};
  made.modified = {second + kDayMinutes};
  made.exceptions = {{.start = second + kDayMinutes + 10 * 60,
                      .end = second + kDayMinutes + 11 * 60,
                      .original = second + 9 * 60,
                      .subject = "Moved",
                      .has_body = true}};
  return made;
}

Message series() {
  Message message = appointment();
  message.properties.set(tag::kRecurring, Value::of(true));
  message.properties.set(tag::kAppointmentRecur, Value::of_bytes(write(weekly())));
  set(message.properties, tag::kBody, "All of them");
  return message;
}

Message& add_exception(Message& message) {
  Attachment& attachment = message.attachments.emplace_back();
  attachment.properties.set(tag::kAttachMethod, Value::of(5));
  attachment.properties.set(tag::kAttachmentFlags, Value::of(2));
  Message& inner = attachment.embedded.emplace_back();
  set(inner.properties, tag::kMessageClass, "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}");
  return inner;
}

// kopano-ical wrote 255 for the last, and the start of the 255th.
TEST(Event, OfTheLastFridaysBeginsWhenItWasAskedFor) {
  Recurrence pattern = weekly();
  pattern.frequency = Recurrence::Frequency::monthly;
  pattern.pattern = Recurrence::Pattern::month_nth;
  pattern.period = 1;
  pattern.weekdays = 1U << 5U;
  pattern.nth = 0xFF;
  pattern.count = 6;
  pattern.deleted.clear();
  pattern.modified.clear();
  pattern.exceptions.clear();
  pattern.start_date += 1778 * kDayMinutes;
  Message message = series();
  message.properties.set(tag::kAppointmentRecur, Value::of_bytes(write(pattern)));
  message.properties.set(tag::kStartDate, time_value(utc(2026, 2, 27, 8)));
  const auto text = lines_of(event_from(message).text);
  EXPECT_NE(text.find("DTSTART;TZID=Europe/Berlin:20260227T090000\n"), std::string::npos) << text;
  EXPECT_NE(text.find("RRULE:FREQ=MONTHLY;COUNT=6;BYDAY=-1FR"), std::string::npos) << text;
  pattern.nth = 5;
  message.properties.set(tag::kAppointmentRecur, Value::of_bytes(write(pattern)));
  EXPECT_NE(lines_of(event_from(message).text).find("DTSTART;TZID=Europe/Berlin:2030"), std::string::npos)
      << "a pattern that is as specified counts";
}

TEST(Event, OfASeriesHasItsChangedInstances) {
  Message message = series();
  Message& inner = add_exception(message);
  inner.properties.set(tag::kExceptionReplaceTime, time_value(utc(2026, 2, 10, 8)));
  inner.properties.set(tag::kAppointmentStartWhole, time_value(utc(2026, 2, 11, 9)));
  inner.properties.set(tag::kAppointmentEndWhole, time_value(utc(2026, 2, 11, 10)));
  set(inner.properties, tag::kBody, "Only this");
  inner.properties.set(tag::kBusyStatus, Value::of(3));
  inner.recipients = {recipient("Bob", "bob@example.org", 1, 0)};
  set_from(inner.properties, "Olga", "olga@example.org");
  const CalendarObject made = event_from(message);
  EXPECT_EQ(lines_of(made.text),
            std::string(kEventHead) +
                "SUMMARY:Plan\\; the rest\nDESCRIPTION:All of them\nDTSTART;TZID=Europe/Berlin:20260203T090000\n"
                "DTEND;TZID=Europe/Berlin:20260203T100000\nRRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TU;WKST=SU\n"
                "EXDATE;TZID=Europe/Berlin:20260217T090000\nEND:VEVENT\n" +
                std::string(kEventHead) +
                "SUMMARY:Moved\nRECURRENCE-ID;TZID=Europe/Berlin:20260210T090000\n"
                "DTSTART;TZID=Europe/Berlin:20260211T100000\nDTEND;TZID=Europe/"
                "Berlin:20260211T110000\nDESCRIPTION:Only this\n"
                "TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:OOF\nORGANIZER;CN=Olga:mailto:olga@example.org\n"
                "ATTENDEE;CN=Bob;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.org\n"
                "END:VEVENT\n");
  EXPECT_TRUE(made.losses.empty());
  EXPECT_FALSE(made.kept.has(tag::kAppointmentRecur));
}

TEST(Event, InheritsWhatAnInstanceDoesNotSay) {
  Message message = series();
  Message& inner = add_exception(message);
  inner.properties.set(tag::kExceptionReplaceTime, time_value(utc(2026, 2, 17, 8)));
  inner.properties.set(tag::kAppointmentStateFlags, Value::of(4));
  const CalendarObject made = event_from(message);
  EXPECT_EQ(made.text.find("EXDATE"), std::string::npos)
      << "it is there after all, though the pattern does not know it";
  EXPECT_NE(
      lines_of(made.text).find("SUMMARY:Plan\\; the rest\nDESCRIPTION:All of them\n"
                               "RECURRENCE-ID;TZID=Europe/Berlin:20260217T090000\n"
                               "DTSTART;TZID=Europe/Berlin:20260217T090000\nDTEND;TZID=Europe/Berlin:20260217T100000\n"
                               "STATUS:CANCELLED\n"),
      std::string::npos)
      << made.text;
}

TEST(Event, OfASeriesWithoutAZoneIsWhereItsFirstInstanceIs) {
  Message message = series();
  for (const Tag& tag : {tag::kTimeZoneStruct, tag::kTimeZoneDescription}) message.properties.remove(tag);
  CalendarContext with = context();
  with.owner_zone = "Europe/Berlin";
  EXPECT_NE(event_from(message, with).text.find("DTSTART;TZID=Europe/Berlin:20260203T090000"), std::string::npos)
      << "8:00 of UTC is 9:00 there";
  message.properties.set(tag::kAppointmentStartWhole, time_value(utc(2026, 2, 3, 9)));
  EXPECT_NE(event_from(message, with).text.find("DTSTART:20260203T090000Z"), std::string::npos)
      << "the pattern is in UTC";
}

TEST(Event, OfABrokenPatternIsItsFirstInstance) {
  Message message = series();
  message.properties.set(tag::kAppointmentRecur, Value::of_bytes("\x04\x30nonsense"));
  const CalendarObject made = event_from(message);
  EXPECT_EQ(made.losses.size(), 1U);
  EXPECT_TRUE(made.kept.has(tag::kAppointmentRecur));
  EXPECT_EQ(lines_of(made.text).find("RRULE"), std::string::npos);
  EXPECT_NE(made.text.find("DTSTART;TZID=Europe/Berlin:20260203T090000"), std::string::npos);
}

TEST(Event, WithoutTimesInThePatternTakesItsOwn) {
  Message message = series();
  Recurrence half = weekly();
  half.has_times = false;
  half.exceptions.clear();
  message.properties.set(tag::kAppointmentRecur, Value::of_bytes(write(half)));
  const std::string text = event_from(message).text;
  EXPECT_NE(text.find("DTSTART;TZID=Europe/Berlin:20260203T090000\r\nDTEND;TZID=Europe/Berlin:20260203T100000\r\n"),
            std::string::npos)
      << text;
}

TEST(Event, RefersToAttachmentsThatAreKeptBesideIt) {
  Message message = series();
  for (const std::string_view name : {"large.bin", "gone", "many"}) {
    Attachment& made = message.attachments.emplace_back();
    set(made.properties, tag::kAttachLongFilename, name);
    made.properties.set(tag::kAttachMethod, Value::of(1));
  }
  CalendarContext with = context();
  with.most_attached = 5;
  with.read = [](const Attachment& attachment, const TakePiece& take) -> Result<void> {
    if (attachment.properties.text_or_empty(tag::kAttachLongFilename) == "gone")
      return fail(Errc::not_found, "It is gone.");
    return take("more than five");
  };
  std::size_t kept = 0;
  with.keep = [&](const auto& give) -> Result<KeptContent> {
    if (kept == 1) return fail(Errc::too_large, "There are too many.");
    KeptContent out{"ni:///kept", 0};
    TRY_VOID(give([&](std::string_view piece) -> Result<void> {
      out.size += piece.size();
      return {};
    }));
    ++kept;
    return out;
  };
  const CalendarObject made = event_from(message, with);
  const std::string text = lines_of(made.text);
  const std::string line = "ATTACH;FMTTYPE=application/octet-stream;FILENAME=large.bin;SIZE=14:ni:///kept\n";
  EXPECT_NE(text.find(line), std::string::npos) << made.text;
  EXPECT_NE(text.find(line), text.rfind(line)) << "the changed instance has it, too";
  EXPECT_EQ(made.losses.size(), 2U);
}

TEST(Event, RepeatsAttachmentsInChangedInstancesIfTheyAreSmall) {
  Message message = series();
  Attachment& attachment = message.attachments.emplace_back();
  attachment.properties.set(tag::kAttachDataBinary, Value::of_bytes("abc"));
  const auto count = [](const std::string& text) {
    std::size_t found = 0;
    for (std::size_t at = text.find("ATTACH"); at != std::string::npos; at = text.find("ATTACH", at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count(event_from(message).text), 2U);
  CalendarContext with = context();
  with.most_attached = 5;
  const CalendarObject made = event_from(message, with);
  EXPECT_EQ(count(made.text), 1U);
  EXPECT_EQ(made.losses.size(), 1U);
}

}  // namespace
}  // namespace kontor::mapi::testing
