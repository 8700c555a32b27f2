// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/alarms.h"

#include <gtest/gtest.h>

#include "formats/icalendar/calendar.h"
#include "groupware/calendar/calendar_fixture.h"
#include "groupware/keys.h"
#include "groupware/push/push.h"
#include "store/engine.h"

namespace kontor::groupware {
namespace {

std::string alarm(const std::string& lines, const std::string& action = "EMAIL") {
  return "BEGIN:VALARM\r\nACTION:" + action + "\r\n" + lines + "END:VALARM\r\n";
}

std::vector<Instant> following(const std::string& bytes, Instant after, std::size_t most = 3,
                               AlarmWay way = AlarmWay::mail) {
  static const icalendar::ZoneDatabase zones;
  const auto calendars = must(icalendar::read(bytes));
  std::vector<Instant> out;
  while (out.size() < most) {
    icalendar::Budget budget(50'000);
    const auto next =
        must(next_alarms(calendars.calendars[0], "u", way, after, zones, zones.find("Europe/Berlin"), budget));
    if (next.empty()) break;
    out.push_back(next[0].at);
    after = next[0].at;
  }
  return out;
}

struct AlarmCase {
  std::string lines;
  std::vector<Instant> times;
  const char* why;
};

TEST(Alarms, AreDueOneAfterTheOther) {
  const std::string single = "DTSTART:20231120T100000Z\r\nDTEND:20231120T120000Z\r\n";
  const AlarmCase cases[] = {
      {single + alarm("TRIGGER:-PT1H\r\n"), {utc(2023, 11, 20, 9)}, "before the begin"},
      {single + alarm("TRIGGER;RELATED=END:PT0S\r\n"), {utc(2023, 11, 20, 12)}, "at the end"},
      {single + alarm("TRIGGER:-PT1H\r\nREPEAT:2\r\nDURATION:PT10M\r\n"),
       {utc(2023, 11, 20, 9), utc(2023, 11, 20, 9, 10), utc(2023, 11, 20, 9, 20)},
       "repeated"},
      {single + alarm("TRIGGER;VALUE=DATE-TIME:20231118T080000Z\r\n"), {utc(2023, 11, 18, 8)}, "at a moment"},
      {single + alarm("TRIGGER:-PT1H\r\n", "DISPLAY"), {}, "clients show it"},
      {single + "STATUS:CANCELLED\r\n" + alarm("TRIGGER:-PT1H\r\n"), {}, "cancelled"},
      {single + alarm("TRIGGER:-PT1H\r\nACKNOWLEDGED:20231120T093000Z\r\n"), {}, "seen already"},
      {single + alarm("DESCRIPTION:x\r\n"), {}, "no trigger"},
      {"DTSTART:20231101T100000Z\r\nRRULE:FREQ=WEEKLY\r\n" + alarm("TRIGGER:-P1D\r\n"),
       {utc(2023, 11, 21, 10), utc(2023, 11, 28, 10), utc(2023, 12, 5, 10)},
       "of a series"},
      {"DTSTART;VALUE=DATE:20231120\r\n" + alarm("TRIGGER:PT9H\r\n"), {utc(2023, 11, 20, 8)}, "on the wall at home"},
      {"DTSTART:20231101T100000Z\r\nRRULE:FREQ=SECONDLY\r\n" + alarm("TRIGGER:-P10000D\r\n"),
       {utc(2023, 11, 15, 0, 0) + std::chrono::seconds(1)},
       "however odd"},
  };
  for (const AlarmCase& one : cases) {
    const auto found = following(event("u", one.lines), utc(2023, 11, 15), std::max<std::size_t>(one.times.size(), 1));
    EXPECT_EQ(found, one.times) << one.why;
  }
}

class StoredAlarmsTest : public CalendarTest {
 protected:
  std::vector<DueAlarm> due(Instant until) { return must(accounts->due_alarms(account->id(), until, 10)); }
};

TEST_F(StoredAlarmsTest, AreNotedWithTheItem) {
  std::vector<Instant> told;
  accounts->on_alarms([&](AccountId, Instant at) { told.push_back(at); });
  const Added added = put(event("u", "DTSTART:20231101T100000Z\r\nRRULE:FREQ=WEEKLY\r\n" + alarm("TRIGGER:-PT1H\r\n")));
  EXPECT_EQ(told, (std::vector<Instant>{utc(2023, 11, 15, 9)}));
  EXPECT_EQ(must(accounts->next_alarm(account->id())), utc(2023, 11, 15, 9));
  EXPECT_TRUE(due(utc(2023, 11, 15, 8)).empty());
  const auto first = due(utc(2023, 11, 15, 9));
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].item, added.item);
  const Modseq before = account->modseq();
  must(accounts->finish_alarms(account->id(), first, first[0].at, {}));
  EXPECT_EQ(account->modseq(), before) << "nobody need know";
  EXPECT_EQ(must(accounts->next_alarm(account->id())), utc(2023, 11, 22, 9));
  must(accounts->finish_alarms(account->id(), first, first[0].at, {}));
  EXPECT_EQ(must(accounts->next_alarm(account->id())), utc(2023, 11, 22, 9)) << "done already";
  expect_sound();
  change([&](Transaction& t) { return t.remove(calendar, added.uid); });
  EXPECT_FALSE(must(accounts->next_alarm(account->id())));
  expect_sound();
}

TEST_F(StoredAlarmsTest, TheLastOneEnds) {
  put(event("u", "DTSTART:20231120T100000Z\r\n" + alarm("TRIGGER:-PT1H\r\n")));
  const auto first = due(utc(2023, 12, 1));
  ASSERT_EQ(first.size(), 1u);
  must(accounts->finish_alarms(account->id(), first, utc(2023, 12, 1), {}));
  EXPECT_TRUE(due(Instant::max()).empty());
  expect_sound();
}

TEST_F(StoredAlarmsTest, FoldersOnTheWayOutAreSilent) {
  put(event("u", "DTSTART:20231120T100000Z\r\n" + alarm("TRIGGER:-PT1H\r\n")));
  const auto first = due(utc(2023, 12, 1));
  ASSERT_EQ(first.size(), 1u);
  const auto partition = store::account_partition(account->id());
  store::Batch batch;
  batch.put(key::alarm(AlarmWay::mail, first[0].at, FolderId(99), Uid(1)), std::string(8, '\1'));
  must(engine->commit(partition, batch, store::Durability::durable));
  auto all = due(utc(2023, 12, 1));
  ASSERT_EQ(all.size(), 2u);
  must(accounts->finish_alarms(account->id(), all, utc(2023, 12, 1), {}));
  EXPECT_TRUE(due(Instant::max()).empty());
}

TEST_F(StoredAlarmsTest, AReplacedItemHasItsOwn) {
  const Added added = put(event("u", "DTSTART:20231120T100000Z\r\n" + alarm("TRIGGER:-PT1H\r\n")));
  const auto first = due(utc(2023, 12, 1));
  replace(added.uid, event("u", "DTSTART:20231125T100000Z\r\n" + alarm("TRIGGER:-PT1H\r\n")));
  must(accounts->finish_alarms(account->id(), first, utc(2023, 12, 1), {}));
  EXPECT_EQ(must(accounts->next_alarm(account->id())), utc(2023, 11, 25, 9));
  expect_sound();
}

}  // namespace
}  // namespace kontor::groupware
