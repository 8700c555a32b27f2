// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/note.h"

#include "formats/mapi/calendar_item_fixture.h"
#include "formats/mapi/journal.h"

namespace kontor::mapi::testing {
namespace {

TEST(Note, BecomesAJournalWithoutADate) {
  Message message;
  Properties& from = message.properties;
  set(from, tag::kBody, "\r\nBuy milk\r\nand bread, too");
  from.set(tag::kNoteColor, Value::of(3));
  from.set(tag::note(0x8B02), Value::of(200));
  from.set(tag::kCreationTime, time_value(utc(2026, 1, 1)));
  const auto made = note_of(message, "note-1", context());
  ASSERT_TRUE(made.has_value());
  expect_reads_back(*made);
  EXPECT_EQ(lines_of(made->text),
            "BEGIN:VJOURNAL\nUID:note-1\nDTSTAMP:20260101T000000Z\nCREATED:20260101T000000Z\nSUMMARY:Buy milk\n"
            "DESCRIPTION:\\nBuy milk\\nand bread\\, too\nCOLOR:yellow\nEND:VJOURNAL\n");
  EXPECT_EQ(made->kept.size(), 1U) << "its size on the screen";
}

TEST(Journal, SaysWhatWasDone) {
  Message message;
  Properties& from = message.properties;
  set(from, tag::kSubject, "Bob");
  set(from, tag::kLogType, "Phone call");
  from.set(tag::kLogStart, time_value(utc(2026, 3, 3, 10)));
  from.set(tag::kLogEnd, time_value(utc(2026, 3, 3, 11, 30)));
  from.set(tag::kLogDuration, Value::of(90));
  const auto made = journal_of(message, "journal-1", context());
  ASSERT_TRUE(made.has_value());
  expect_reads_back(*made);
  EXPECT_EQ(lines_of(made->text),
            "BEGIN:VJOURNAL\nUID:journal-1\nDTSTAMP:19700101T000000Z\nSUMMARY:Bob\nDTSTART:20260303T100000Z\n"
            "X-KONTOR-END:20260303T113000Z\nX-KONTOR-DURATION:PT1H30M\nX-KONTOR-JOURNAL-TYPE:Phone call\n"
            "END:VJOURNAL\n");
  EXPECT_TRUE(made->kept.empty());
}

}  // namespace
}  // namespace kontor::mapi::testing
