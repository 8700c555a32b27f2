// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/task.h"

#include "formats/mapi/calendar_item_fixture.h"
#include "formats/mapi/recurrence.h"

namespace kontor::mapi::testing {
namespace {

CalendarObject task_from(const Message& message, const CalendarContext& with = context()) {
  auto made = task_of(message, "task-1", with);
  EXPECT_TRUE(made.has_value()) << made.error().text;
  if (!made) return {};
  expect_reads_back(*made);
  return *std::move(made);
}

Message a_task() {
  Message message;
  Properties& from = message.properties;
  set(from, tag::kMessageClass, "IPM.Task");
  set(from, tag::kSubject, "Do it");
  from.set(tag::kLastModificationTime, time_value(utc(2026, 1, 2, 3, 4)));
  return message;
}

constexpr std::string_view kTaskHead =
    "BEGIN:VTODO\nUID:task-1\nDTSTAMP:20260102T030400Z\nLAST-MODIFIED:20260102T030400Z\nSUMMARY:Do it\n";

TEST(Task, SaysWhatItsPropertiesMean) {
  struct Case {
    std::vector<std::pair<Tag, Value>> properties;
    std::string lines;
    std::string_view why;
  };
  const Value day = time_value(utc(2026, 3, 1));
  const Value later = time_value(utc(2026, 3, 4));
  const Value hour = time_value(utc(2026, 3, 4, 15, 30));
  const Value zone = Value::of_text("Europe/Berlin");
  const Case cases[] = {
      {{{tag::kTaskStatus, Value::of(0)}}, "STATUS:NEEDS-ACTION\n", "not begun"},
      {{{tag::kTaskStatus, Value::of(1)}, {tag::kPercentComplete, *Value::make(Type::float64, 0.4)}},
       "STATUS:IN-PROCESS\nPERCENT-COMPLETE:40\n",
       "partly done"},
      {{{tag::kTaskStatus, Value::of(4)}}, "STATUS:NEEDS-ACTION\n", "deferred"},
      {{{tag::kTaskStatus, Value::of(4)}, {tag::kCalDavUid, Value::of_text("x")}},
       "STATUS:CANCELLED\n",
       "kopano-ical's"},
      {{{tag::kTaskComplete, Value::of(true)}, {tag::kTaskDateCompleted, day}, {tag::kTimeZoneDescription, zone}},
       "STATUS:COMPLETED\nPERCENT-COMPLETE:100\nCOMPLETED:20260228T230000Z\n",
       "done that day in Berlin"},
      {{{tag::kTaskStartDate, day}, {tag::kTaskDueDate, later}},
       "DTSTART;VALUE=DATE:20260301\nDUE;VALUE=DATE:20260304\n",
       "days"},
      {{{tag::kTaskStartDate, later}, {tag::kTaskDueDate, day}},
       "DTSTART;VALUE=DATE:20260304\nDUE;VALUE=DATE:20260304\n",
       "due before it begins"},
      {{{tag::kTaskStartDate, day}, {tag::kTaskDueDate, hour}, {tag::kTimeZoneDescription, zone}},
       "DTSTART;TZID=Europe/Berlin:20260301T000000\nDUE;TZID=Europe/Berlin:20260304T153000\n",
       "a time of day, on the wall"},
      {{{tag::kTaskDueDate, hour}}, "DUE:20260304T153000\n", "no zone is known"},
      {{{tag::kReminderSet, Value::of(true)}, {tag::kReminderTime, hour}},
       "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:Reminder\nTRIGGER;VALUE=DATE-TIME:20260304T153000Z\nEND:VALARM\n",
       "a reminder"},
      {{{tag::kReminderTime, hour}}, "", "none"},
  };
  for (const Case& c : cases) {
    Message message = a_task();
    for (const auto& [tag, value] : c.properties) message.properties.set(tag, value);
    std::string head(kTaskHead);
    if (message.properties.has(tag::kCalDavUid)) head.replace(head.find("task-1"), 6, "x");
    EXPECT_EQ(lines_of(task_from(message).text), head + c.lines + "END:VTODO\n") << c.why;
  }
}

Recurrence every_tuesday() {
  Recurrence made{.frequency = Recurrence::Frequency::weekly, .pattern = Recurrence::Pattern::week, .period = 1};
  made.weekdays = 1U << 2U;
  made.end = Recurrence::End::count;
  made.count = 10;
  made.start_date =
      static_cast<Minutes>(std::chrono::duration_cast<std::chrono::minutes>(utc(2026, 2, 3) - utc(1601, 1, 1)).count());
  made.end_date = made.start_date + 63 * kDayMinutes;
  return made;
}

Message recurring(const Recurrence& recurrence, Instant due) {
  Message message = a_task();
  message.properties.set(tag::kTaskFRecurring, Value::of(true));
  message.properties.set(tag::kTaskRecurrence, Value::of_bytes(write(recurrence)));
  message.properties.set(tag::kTaskDueDate, time_value(due));
  return message;
}

TEST(Task, RecursFromWhereItIs) {
  const CalendarObject first = task_from(recurring(every_tuesday(), utc(2026, 2, 3)));
  EXPECT_NE(lines_of(first.text)
                .find("DUE;VALUE=DATE:20260203\nDTSTART;VALUE=DATE:20260203\n"
                      "RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=TU;WKST=SU\n"),
            std::string::npos)
      << first.text;
  EXPECT_FALSE(first.kept.has(tag::kTaskRecurrence));
  const CalendarObject third = task_from(recurring(every_tuesday(), utc(2026, 2, 17)));
  EXPECT_NE(third.text.find("RRULE:FREQ=WEEKLY;UNTIL=20260407;BYDAY=TU;WKST=SU\r\n"), std::string::npos)
      << "two of the ten are done\n"
      << third.text;
}

TEST(Task, ThatCannotRecurSaysSo) {
  Recurrence sliding = every_tuesday();
  sliding.is_sliding = 1;
  for (const Message& message : {recurring(sliding, utc(2026, 2, 3)), recurring(every_tuesday(), utc(2026, 2, 4)),
                                 recurring(every_tuesday(), utc(2027, 2, 2))}) {
    const CalendarObject made = task_from(message);
    EXPECT_EQ(made.text.find("RRULE"), std::string::npos) << made.text;
    EXPECT_EQ(made.losses.size(), 1U);
    EXPECT_TRUE(made.kept.has(tag::kTaskRecurrence));
    EXPECT_TRUE(made.kept.has(tag::kTaskFRecurring));
  }
}

TEST(Task, ThatBeginsAnewKeepsItsPattern) {
  const auto said = [](Recurrence recurrence) {
    recurrence.is_sliding = 1;
    const CalendarObject made = task_from(recurring(recurrence, utc(2026, 2, 3)));
    EXPECT_EQ(*made.kept.bytes(tag::kTaskRecurrence), write(recurrence)) << "byte for byte";
    EXPECT_EQ(made.losses.size(), 1U);
    constexpr std::string_view kName = "X-KONTOR-REGENERATE:";
    const auto at = made.text.find(kName);
    return at == std::string::npos ? ""
                                   : made.text.substr(at + kName.size(), made.text.find('\r', at) - at - kName.size());
  };
  using enum Recurrence::Pattern;
  EXPECT_EQ(said(every_tuesday()), "FREQ=WEEKLY;INTERVAL=1;COUNT=10");
  Recurrence days{.pattern = day, .period = 5 * kDayMinutes};
  EXPECT_EQ(said(days), "FREQ=DAILY;INTERVAL=5");
  days.end = Recurrence::End::date;
  days.end_date = every_tuesday().end_date;
  EXPECT_EQ(said(days), "FREQ=DAILY;INTERVAL=5;UNTIL=20260407");
  days.period = 7;
  EXPECT_EQ(said(days), "FREQ=DAILY;INTERVAL=1;UNTIL=20260407") << "less than a day";
  EXPECT_EQ(said({.frequency = Recurrence::Frequency::yearly, .pattern = month, .period = 12, .day = 3}),
            "FREQ=MONTHLY;INTERVAL=12");
}

TEST(Task, IsGivenToSomebody) {
  Message message = a_task();
  set_from(message.properties, "Olga", "olga@example.org");
  message.properties.set(tag::task(0x812A), Value::of(2));
  message.recipients = {recipient("Bob", "bob@example.org", 1, 0)};
  EXPECT_NE(lines_of(task_from(message).text)
                .find("ORGANIZER;CN=Olga:mailto:olga@example.org\n"
                      "ATTENDEE;CN=Bob;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:bob@example.org\n"),
            std::string::npos);
}

}  // namespace
}  // namespace kontor::mapi::testing
