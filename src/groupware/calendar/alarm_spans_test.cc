// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/alarm_spans.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "groupware/calendar/calendar_fixture.h"
#include "groupware/calendar/time_index.h"
#include "groupware/keys.h"
#include "groupware/records.h"
#include "store/engine.h"

namespace kontor::groupware {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

std::string bell(const std::string& lines) { return "BEGIN:VALARM\r\nACTION:DISPLAY\r\n" + lines + "END:VALARM\r\n"; }

Facts known_of(const std::string& bytes) {
  static const icalendar::ZoneDatabase zones;
  return describe(Kind::calendar, bytes, zones, icalendar::utc_zone(), utc(2023, 11, 14)).facts;
}

struct SpanCase {
  std::string lines;
  std::vector<AlarmSpan> spans;
  const char* why;
};

TEST(AlarmSpans, ReachAsFarAsAlarmsRing) {
  const std::string single = "DTSTART:20231120T100000Z\r\nDTEND:20231120T120000Z\r\n";
  const Instant begin = utc(2023, 11, 20, 10), end = utc(2023, 11, 20, 12);
  const SpanCase cases[] = {
      {single, {}, "no alarm"},
      {single + bell("TRIGGER:-PT1H\r\n"), {{begin - hours(1), end - hours(1)}}, "before it, from begin to end"},
      {single + bell("TRIGGER:-PT1H\r\nREPEAT:2\r\nDURATION:PT10M\r\n"),
       {{begin - hours(1), end - minutes(40)}},
       "repeated"},
      {single + bell("TRIGGER:-P30D\r\n") + bell("TRIGGER;RELATED=END:PT5M\r\n"),
       {{begin - days(30), end - days(30)}, {begin + minutes(5), end + minutes(5)}},
       "far from each other"},
      {single + bell("TRIGGER:PT0S\r\n") + bell("TRIGGER:PT1H\r\n"), {{begin, end + hours(1)}}, "near each other"},
      {single + bell("TRIGGER;VALUE=DATE-TIME:19760401T005545Z\r\n"),
       {{utc(1976, 4, 1) + std::chrono::seconds(3345), utc(1976, 4, 1) + std::chrono::seconds(3345)}},
       "at a moment"},
      {single + bell("TRIGGER;VALUE=DATE-TIME:20231118T080000\r\n"),
       {{utc(2023, 11, 17, 8), utc(2023, 11, 19, 8)}},
       "at a moment on everybody's own clock"},
      {"DTSTART;VALUE=DATE:20231120\r\n" + bell("TRIGGER:PT9H\r\n"),
       {{utc(2023, 11, 19, 9), utc(2023, 11, 22, 9)}},
       "a whole day, wherever it is"},
      {single + bell("DESCRIPTION:x\r\n"), {}, "no trigger"},
  };
  for (const auto& [lines, spans, why] : cases) EXPECT_EQ(known_of(event("u", lines)).alarm_spans, spans) << why;
  std::string many = single;
  for (int i = 1; i <= 20; ++i) many += bell("TRIGGER:-P" + std::to_string(i * 10) + "D\r\n");
  EXPECT_EQ(known_of(event("u", many)).alarm_spans, (std::vector<AlarmSpan>{{begin - days(200), end - days(10)}}));
  const auto endless =
      known_of(event("u", "DTSTART:20231101T100000Z\r\nRRULE:FREQ=WEEKLY\r\n" + bell("TRIGGER:P1D\r\n")));
  ASSERT_EQ(endless.alarm_spans.size(), 1U);
  EXPECT_EQ(endless.alarm_spans.front().first, utc(2023, 11, 2, 10));
  EXPECT_GT(endless.alarm_spans.front().last, utc(9999, 1, 1));
}

class RingingTest : public CalendarTest {
 protected:
  // The names of what may ring then; "?" if the index does not know.
  std::string ringing(Instant from, Instant to, Caller caller = Caller::system()) {
    std::vector<std::string> found;
    const bool is_known = must(reader(caller)->ringing(calendar, from, to, [&](const Entry& entry, const Facts& facts) {
      EXPECT_TRUE(facts.has_alarms);
      found.push_back(entry.name);
      return true;
    }));
    if (!is_known) return "?";
    std::ranges::sort(found);
    std::string out;
    for (const std::string& name : found) out += (out.empty() ? "" : " ") + name;
    return out;
  }
  std::string on(unsigned day) { return ringing(utc(2023, 11, day), utc(2023, 11, day + 1)); }
  std::size_t faults(bool repair) {
    return must(accounts->check({.repair = repair, .read_content = true, .progress = {}})).faults.size();
  }
};

std::string meeting(const std::string& uid, unsigned day, const std::string& alarms) {
  return event(uid, "DTSTART:202311" + std::to_string(day) + "T100000Z\r\nDURATION:PT1H\r\n" + alarms);
}

TEST_F(RingingTest, FollowsWhatChanges) {
  put(meeting("plain", 20, ""), "plain.ics");
  put(meeting("near", 20, bell("TRIGGER:-PT5M\r\n")), "near.ics");
  const Added far = put(meeting("far", 20, bell("TRIGGER:-P5D\r\n") + bell("TRIGGER:P2D\r\n")), "far.ics");
  EXPECT_EQ(on(20), "near.ics");
  EXPECT_EQ(on(15), "far.ics");
  EXPECT_EQ(on(22), "far.ics");
  EXPECT_EQ(on(18), "");
  EXPECT_EQ(ringing(utc(2023, 11, 1), utc(2023, 12, 1)), "far.ics near.ics") << "each once";
  EXPECT_EQ(faults(false), 0U);

  replace(far.uid, meeting("far", 21, bell("TRIGGER:-P5D\r\n")));
  EXPECT_EQ(on(15), "");
  EXPECT_EQ(on(16), "far.ics");
  change([&](Transaction& t) { return t.rename(calendar, far.uid, "other.ics"); });
  EXPECT_EQ(on(16), "other.ics");
  EXPECT_EQ(faults(false), 0U);
  change([&](Transaction& t) { return t.remove(calendar, far.uid); });
  EXPECT_EQ(on(16), "");
  EXPECT_EQ(faults(false), 0U);
}

TEST_F(RingingTest, AnswersForTheOwnerOnly) {
  put(meeting("near", 20, bell("TRIGGER:-PT5M\r\n")), "near.ics");
  share(ben, right::kRead | right::kReadPrivate);
  EXPECT_EQ(ringing(utc(2023, 11, 20), utc(2023, 11, 21), as(ada)), "near.ics");
  EXPECT_EQ(ringing(utc(2023, 11, 20), utc(2023, 11, 21), as(ben)), "?");
}

// As an earlier version left it: no records, and no spans among what is known of items.
TEST_F(RingingTest, OldFoldersAreTakenUpByTheCheck) {
  const Added near = put(meeting("near", 20, bell("TRIGGER:-PT5M\r\n")), "near.ics");
  store::Batch batch;
  Folder old = *folder(*account, calendar);
  old.notes_rings = false;
  batch.put(key::folder(calendar), encode(old));
  Facts facts = must(reader()->facts(near.item));
  for (const auto& [key, value] : ring_records(calendar, near.uid, facts, near.item, "near.ics")) batch.erase(key);
  facts.alarm_spans.clear();
  batch.put(key::facts(near.item), encode(facts));
  must(engine->commit(store::account_partition(account->id()), batch));
  account.reset();
  reopen();
  account = open(ada);
  EXPECT_EQ(on(20), "?");

  // What comes meanwhile is noted, also if nothing is known of when it rings.
  put(meeting("later", 22, bell("TRIGGER:-PT5M\r\n")), "later.ics");
  account.reset();
  EXPECT_GT(faults(false), 0U);
  EXPECT_GT(faults(true), 0U);
  EXPECT_EQ(faults(false), 0U);
  reopen();
  account = open(ada);
  EXPECT_EQ(on(20), "near.ics");
  EXPECT_EQ(on(22), "later.ics");
  EXPECT_EQ(on(21), "");
}

TEST_F(RingingTest, LostRecordsAreFoundAndMended) {
  const Added near = put(meeting("near", 20, bell("TRIGGER:-PT5M\r\n")), "near.ics");
  const auto records = ring_records(calendar, near.uid, must(reader()->facts(near.item)), near.item, "near.ics");
  ASSERT_EQ(records.size(), 1U);
  store::Batch batch;
  batch.erase(records.front().first);
  batch.put(key::rings(calendar) + std::string(13, 'x'), records.front().second);
  must(engine->commit(store::account_partition(account->id()), batch));
  account.reset();
  reopen();
  EXPECT_EQ(faults(false), 2U);
  EXPECT_EQ(faults(true), 2U);
  EXPECT_EQ(faults(false), 0U);
  account = open(ada);
  EXPECT_EQ(on(20), "near.ics");
}

}  // namespace
}  // namespace kontor::groupware
