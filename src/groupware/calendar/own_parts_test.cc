// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/own_parts.h"

#include <gtest/gtest.h>

#include "groupware/calendar/calendar_fixture.h"
#include "groupware/delegates.h"
#include "groupware/keys.h"
#include "groupware/records.h"

namespace kontor::groupware {
namespace {

const std::string kAdasAlarm =
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Ada's\r\nTRIGGER:-PT30M\r\nEND:VALARM\r\n";
const std::string kBensAlarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Ben's\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n";
const std::string kBensMail =
    "BEGIN:VALARM\r\nACTION:EMAIL\r\nSUMMARY:Ben's\r\nDESCRIPTION:Now\r\nTRIGGER:-PT10M\r\nEND:VALARM\r\n";
const std::string kMealTime = "DTSTART:20231116T100000Z\r\nDTEND:20231116T110000Z\r\n";
const std::string kDaily = "DTSTART:20231115T100000Z\r\nDTEND:20231115T110000Z\r\nRRULE:FREQ=DAILY;COUNT=5\r\n";

std::string meal(const std::string& lines) { return event("meal", "SUMMARY:Meal\r\n" + lines); }
// Of a series: one instance with these lines beside it.
std::string with_instance(const std::string& series, const std::string& lines) {
  const std::string instance =
      "BEGIN:VEVENT\r\nUID:meal\r\nDTSTAMP:20231101T000000Z\r\nSUMMARY:Meal\r\n" + lines + "END:VEVENT\r\n";
  const std::string end = "END:VCALENDAR\r\n";
  return series.substr(0, series.size() - end.size()) + instance + end;
}
bool has_text(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }
std::size_t count_text(const std::string& text, std::string_view what) {
  std::size_t out = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++out;
  return out;
}

class OwnPartsTest : public CalendarTest {
 protected:
  void SetUp() override {
    CalendarTest::SetUp();
    share(ben, right::kEditor & ~right::kDeleteFolder);
  }

  // As a protocol puts it that knows of guests.
  Result<void> try_put_as(Caller who, Uid uid, const std::string& bytes) {
    const auto apart = must(reader(who)->take_apart(calendar, uid, bytes));
    const NewItem item = [&] {
      NewItem out = make_item(Kind::calendar, apart ? apart->shared : bytes);
      if (apart) out.own = apart->own;
      return out;
    }();
    const auto done = account->update(who, [&](Transaction& t) -> Result<void> {
      if (apart && apart->is_same) return t.keep_own_parts(calendar, uid, apart->own);
      TRY_VOID(t.replace(calendar, uid, item));
      return {};
    });
    return done ? Result<void>() : std::unexpected(done.error());
  }
  void put_as(Caller who, Uid uid, const std::string& bytes) { must(try_put_as(who, uid, bytes)); }
  Entry entry(Uid uid, Caller who) { return must(reader(who)->entry(calendar, uid)); }
  Facts facts(ItemId item, Caller who) { return must(reader(who)->facts(item)); }
};

TEST_F(OwnPartsTest, GuestsSeeNoAlarmsButTheirOwn) {
  const Added added = put(meal(kMealTime + kAdasAlarm));
  EXPECT_TRUE(has_text(bytes(added.item, as(ada)), "Ada's"));
  EXPECT_FALSE(has_text(bytes(added.item, as(ben)), "VALARM"));
  EXPECT_TRUE(facts(added.item, as(ada)).has_alarms);
  EXPECT_FALSE(facts(added.item, as(ben)).has_alarms);
  EXPECT_NE(entry(added.uid, as(ada)).etag, entry(added.uid, as(ben)).etag);
  EXPECT_EQ(entry(added.uid, as(ben)).size, bytes(added.item, as(ben)).size());

  put_as(as(ben), added.uid, meal(kMealTime + kBensAlarm));
  EXPECT_EQ(count_text(bytes(added.item, as(ben)), "BEGIN:VALARM"), 1U);
  EXPECT_TRUE(has_text(bytes(added.item, as(ben)), "Ben's"));
  EXPECT_TRUE(has_text(bytes(added.item, as(ada)), "Ada's"));
  EXPECT_FALSE(has_text(bytes(added.item, as(ada)), "Ben's"));
  EXPECT_TRUE(facts(added.item, as(ben)).has_alarms);
  EXPECT_EQ(entry(added.uid, as(ben)).size, bytes(added.item, as(ben)).size());
  EXPECT_EQ(must(reader(as(ben))->item(added.item)).size, bytes(added.item, as(ben)).size());
  expect_sound();
}

TEST_F(OwnPartsTest, WhatIsHisAloneChangesNoBytesOfTheItem) {
  const Added added = put(meal(kMealTime + kAdasAlarm));
  const Entry before = entry(added.uid, as(ada));
  const std::string bens_before = entry(added.uid, as(ben)).etag;
  // As programs do: with new stamps.
  put_as(as(ben), added.uid, meal(kMealTime + "SEQUENCE:3\r\nLAST-MODIFIED:20231110T000000Z\r\n" + kBensAlarm));
  const Entry after = entry(added.uid, as(ada));
  EXPECT_EQ(after.etag, before.etag);
  EXPECT_GT(after.modseq, before.modseq) << "whoever synchronizes hears of it";
  EXPECT_NE(entry(added.uid, as(ben)).etag, bens_before);
  EXPECT_FALSE(has_text(bytes(added.item, as(ada)), "SEQUENCE"));
  EXPECT_TRUE(must(reader()->versions(added.item)).empty());
  const Modseq modseq = account->modseq();
  put_as(as(ben), added.uid, meal(kMealTime + kBensAlarm));
  EXPECT_EQ(account->modseq(), modseq) << "the same again is no change";
}

TEST_F(OwnPartsTest, EachChangesWhatIsSharedAndKeepsTheOthersAlarms) {
  const Added added = put(meal(kMealTime + kAdasAlarm));
  put_as(as(ben), added.uid, meal("LOCATION:Roof\r\n" + kMealTime + kBensAlarm));
  const std::string adas = bytes(added.item, as(ada));
  EXPECT_TRUE(has_text(adas, "LOCATION:Roof"));
  EXPECT_TRUE(has_text(adas, "Ada's"));
  EXPECT_FALSE(has_text(adas, "Ben's"));
  put_as(as(ada), added.uid, meal("LOCATION:Cellar\r\n" + kMealTime));
  const std::string bens = bytes(added.item, as(ben));
  EXPECT_TRUE(has_text(bens, "LOCATION:Cellar"));
  EXPECT_TRUE(has_text(bens, "Ben's"));
  EXPECT_EQ(entry(added.uid, as(ben)).size, bens.size());
  put_as(as(ben), added.uid, meal("LOCATION:Cellar\r\n" + kMealTime));
  EXPECT_FALSE(has_text(bytes(added.item, as(ben)), "VALARM"));
  EXPECT_EQ(entry(added.uid, as(ben)).etag, entry(added.uid, as(ada)).etag);
  expect_sound();
}

TEST_F(OwnPartsTest, ReadersHaveAlarmsToo) {
  share(ben, right::kReader);
  const Added added = put(meal(kMealTime + kAdasAlarm));
  put_as(as(ben), added.uid, meal(kMealTime + kBensAlarm));
  EXPECT_TRUE(has_text(bytes(added.item, as(ben)), "Ben's"));
  EXPECT_EQ(try_put_as(as(ben), added.uid, meal("LOCATION:Roof\r\n" + kMealTime + kBensAlarm)).error().code,
            Errc::denied);
}

TEST_F(OwnPartsTest, TranspIsTheItemsUntilTheGuestSaysAnother) {
  const Added added = put(meal(kMealTime + "TRANSP:TRANSPARENT\r\n"));
  EXPECT_TRUE(facts(added.item, as(ben)).is_transparent);
  put_as(as(ben), added.uid, meal(kMealTime));  // which is OPAQUE
  EXPECT_FALSE(facts(added.item, as(ben)).is_transparent);
  EXPECT_TRUE(has_text(bytes(added.item, as(ben)), "TRANSP:OPAQUE"));
  EXPECT_TRUE(facts(added.item, as(ada)).is_transparent);
  EXPECT_TRUE(has_text(bytes(added.item, as(ada)), "TRANSP:TRANSPARENT"));
  put_as(as(ben), added.uid, meal(kMealTime + "TRANSP:TRANSPARENT\r\n"));
  EXPECT_EQ(bytes(added.item, as(ben)), bytes(added.item, as(ada)));
}

TEST_F(OwnPartsTest, EachInstanceHasItsOwn) {
  const std::string there = "RECURRENCE-ID:20231116T100000Z\r\nDTSTART:20231116T120000Z\r\nDTEND:20231116T130000Z\r\n";
  const Added added = put(with_instance(meal(kDaily + kAdasAlarm), there + kAdasAlarm));
  // Another alarm for the instance that is there, none for one that is not.
  const std::string absent = "RECURRENCE-ID:20231117T100000Z\r\nDTSTART:20231117T100000Z\r\nDTEND:20231117T110000Z\r\n";
  put_as(as(ben), added.uid, with_instance(with_instance(meal(kDaily + kBensAlarm), there + kBensMail), absent));
  const std::string bens = bytes(added.item, as(ben));
  EXPECT_EQ(count_text(bens, "BEGIN:VEVENT"), 3U);
  EXPECT_EQ(count_text(bens, "BEGIN:VALARM"), 2U);
  EXPECT_TRUE(has_text(bens, "RECURRENCE-ID:20231117T100000Z"));
  const std::string adas = bytes(added.item, as(ada));
  EXPECT_EQ(count_text(adas, "BEGIN:VEVENT"), 2U)
      << "an instance that is there for his alarms alone is not the owner's";
  EXPECT_EQ(count_text(adas, "Ada's"), 2U);
  // The owner takes that instance out.
  put_as(as(ada), added.uid, with_instance(meal(kDaily + "EXDATE:20231117T100000Z\r\n"), there));
  EXPECT_EQ(count_text(bytes(added.item, as(ben)), "BEGIN:VEVENT"), 2U);
  EXPECT_EQ(count_text(bytes(added.item, as(ben)), "BEGIN:VALARM"), 2U);
  expect_sound();
}

TEST_F(OwnPartsTest, AGuestsNewInstanceHasTheOwnersAlarms) {
  const Added added = put(meal(kDaily + kAdasAlarm));
  const std::string moved = "RECURRENCE-ID:20231116T100000Z\r\nDTSTART:20231116T120000Z\r\nDTEND:20231116T130000Z\r\n";
  put_as(as(ben), added.uid, with_instance(meal(kDaily + kBensAlarm), moved + kBensAlarm));
  EXPECT_EQ(count_text(bytes(added.item, as(ada)), "Ada's"), 2U);
  EXPECT_EQ(count_text(bytes(added.item, as(ben)), "Ben's"), 2U);
}

TEST_F(OwnPartsTest, WhatAGuestMakesHasAlarmsForHimAlone) {
  const auto apart = must(reader(as(ben))->take_apart(calendar, std::nullopt, meal(kMealTime + kBensAlarm)));
  ASSERT_TRUE(apart);
  NewItem item = make_item(Kind::calendar, apart->shared);
  item.own = apart->own;
  const Added added = must(try_put(*account, calendar, item, as(ben)));
  EXPECT_FALSE(has_text(bytes(added.item, as(ada)), "VALARM"));
  EXPECT_TRUE(has_text(bytes(added.item, as(ben)), "Ben's"));
  const auto whole =
      try_put(*account, calendar, make_item(Kind::calendar, event("other", kMealTime + kBensAlarm)), as(ben));
  EXPECT_EQ(whole.error().code, Errc::invalid) << "nobody sets another's alarms";
  expect_sound();
}

TEST_F(OwnPartsTest, WhatWasTakenApartFromAnotherContentIsRefused) {
  const Added added = put(meal(kMealTime + kAdasAlarm));
  const auto apart = must(reader(as(ben))->take_apart(calendar, added.uid, meal(kMealTime + kBensAlarm)));
  ASSERT_TRUE(apart && apart->is_same);
  replace(added.uid, meal(kMealTime));  // Ada's alarm goes: Ben sees the same as before
  const auto done =
      account->update(as(ben), [&](Transaction& t) { return t.keep_own_parts(calendar, added.uid, apart->own); });
  EXPECT_EQ(done.error().code, Errc::conflict);
}

TEST_F(OwnPartsTest, DelegatesHaveTheOwners) {
  change([&](Transaction& t) {
    Transaction::FolderChange change;
    change.properties[kDelegates] = print_delegates({{ben, right::kEditor & ~right::kDeleteFolder}});
    return t.change_folder(calendar, change);
  });
  const Added added = put(meal(kMealTime + kAdasAlarm));
  EXPECT_TRUE(has_text(bytes(added.item, as(ben)), "Ada's"));
  EXPECT_FALSE(must(reader(as(ben))->take_apart(calendar, added.uid, meal(kMealTime))));
  put_as(as(ben), added.uid, meal(kMealTime + kBensAlarm));
  EXPECT_TRUE(has_text(bytes(added.item, as(ada)), "Ben's"));
}

TEST_F(OwnPartsTest, GoesWithTheRightTheItemAndTheGuest) {
  const Added added = put(meal(kMealTime));
  const auto says = [&] { return has_text(bytes(added.item, as(ben)), "Ben's"); };
  put_as(as(ben), added.uid, meal(kMealTime + kBensMail));
  EXPECT_TRUE(says());
  EXPECT_EQ(must(accounts->next_alarm(account->id())), utc(2023, 11, 16, 9, 50));
  share(ben, right::kFreeBusy);
  EXPECT_FALSE(must(accounts->next_alarm(account->id())));
  share(ben, right::kReader);
  EXPECT_FALSE(says()) << "what went does not come back with the right";

  put_as(as(ben), added.uid, meal(kMealTime + kBensMail));
  must(account->update(as(ben), [&](Transaction& t) { return t.forget_own_parts(calendar); }));
  EXPECT_FALSE(says()) << "he left the share";

  put_as(as(ben), added.uid, meal(kMealTime + kBensMail));
  change([&](Transaction& t) { return t.remove(calendar, added.uid); });
  EXPECT_FALSE(must(accounts->next_alarm(account->id())));
  expect_sound();
  change([&](Transaction& t) -> Result<void> {
    TRY_VOID(t.restore(added.item, calendar));
    return {};
  });
  EXPECT_TRUE(says());
  EXPECT_TRUE(must(accounts->next_alarm(account->id())));
  expect_sound();

  must(directory->remove_principal(ben));
  must(accounts->sweep());
  EXPECT_FALSE(must(accounts->next_alarm(account->id())));
  expect_sound();
}

TEST_F(OwnPartsTest, MovesWithTheItemAndIsNotCopied) {
  FolderId other;
  change([&](Transaction& t) -> Result<void> {
    Transaction::NewFolder wanted;
    wanted.name = "Other";
    wanted.kind = Kind::calendar;
    TRY(other, t.create_folder(wanted));
    Transaction::FolderChange change;
    change.grants = {{ben, right::kReader}};
    return t.change_folder(other, change);
  });
  const Added added = put(meal(kMealTime + kAdasAlarm));
  put_as(as(ben), added.uid, meal(kMealTime + kBensMail));
  Added copied, moved;
  change([&](Transaction& t) -> Result<void> {
    TRY(copied, t.copy(calendar, added.uid, other));
    return {};
  });
  EXPECT_FALSE(has_text(bytes(copied.item, as(ben)), "VALARM"));
  change([&](Transaction& t) -> Result<void> {
    TRY_VOID(t.remove(other, copied.uid));
    TRY(moved, t.move(calendar, added.uid, other));
    return {};
  });
  EXPECT_TRUE(has_text(bytes(moved.item, as(ben)), "Ben's"));
  const auto due = must(accounts->due_alarms(account->id(), Instant::max(), 10));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].guest, ben);
  EXPECT_EQ(due[0].folder, other);
  expect_sound();
}

TEST_F(OwnPartsTest, ConfidentialAndPrivateItemsShowNoMoreThanBefore) {
  const Added added = put(meal(kMealTime + kAdasAlarm));
  put_as(as(ben), added.uid, meal(kMealTime + kBensAlarm));
  replace(added.uid, meal(kMealTime + "CLASS:CONFIDENTIAL\r\n" + kAdasAlarm));
  EXPECT_FALSE(has_text(bytes(added.item, as(ben)), "VALARM"));
  EXPECT_EQ(entry(added.uid, as(ben)).size, bytes(added.item, as(ben)).size());
  EXPECT_FALSE(facts(added.item, as(ben)).has_alarms);
  replace(added.uid, meal(kMealTime + "CLASS:PRIVATE\r\n"));
  EXPECT_TRUE(names(as(ben)).empty());
  expect_sound();
}

TEST_F(OwnPartsTest, ListsSayWhatEntriesSay) {
  const Added first = put(meal(kMealTime + kAdasAlarm), "a.ics");
  put(event("b", kMealTime + kAdasAlarm), "b.ics");
  put(event("c", kMealTime), "c.ics");
  put_as(as(ben), first.uid, meal(kMealTime + kBensAlarm));
  for (const Caller who : {as(ada), as(ben)}) {
    std::vector<Entry> listed, above, timed;
    must(reader(who)->entries(calendar, [&](const Entry& one) { return listed.push_back(one), true; }));
    must(reader(who)->entries_above(calendar, Uid(0), [&](const Entry& one) { return above.push_back(one), true; }));
    must(reader(who)->in_time(calendar, utc(2023, 11, 1), utc(2023, 12, 1), [&](const Entry& one, const Facts& known) {
      EXPECT_EQ(known.has_alarms, has_text(bytes(one.item, who), "VALARM"));
      return timed.push_back(one), true;
    }));
    ASSERT_EQ(listed.size(), 3U);
    ASSERT_EQ(above.size(), 3U);
    ASSERT_EQ(timed.size(), 3U);
    for (const auto* all : {&listed, &above, &timed})
      for (const Entry& one : *all) {
        EXPECT_EQ(one.etag, entry(one.uid, who).etag);
        EXPECT_EQ(one.size, bytes(one.item, who).size());
      }
  }
}

TEST_F(OwnPartsTest, ProgramsNotesAboutAlarmsAreEachPersonsOwn) {
  const Added added = put(meal(kMealTime + "X-MOZ-LASTACK:20231101T000000Z\r\n"));
  EXPECT_FALSE(has_text(bytes(added.item, as(ben)), "LASTACK"));
  put_as(as(ben), added.uid,
         meal(kMealTime + "X-MOZ-LASTACK:20231105T000000Z\r\nX-MOZ-SNOOZE-TIME-17:20231106T000000Z\r\n"));
  EXPECT_TRUE(has_text(bytes(added.item, as(ben)), "20231105"));
  EXPECT_TRUE(has_text(bytes(added.item, as(ben)), "SNOOZE"));
  EXPECT_TRUE(has_text(bytes(added.item, as(ada)), "20231101"));
  EXPECT_FALSE(has_text(bytes(added.item, as(ada)), "SNOOZE"));
}

TEST_F(OwnPartsTest, CheckMendsItsRecords) {
  const Added added = put(meal(kMealTime + kAdasAlarm));
  const auto partition = store::account_partition(account->id());
  const auto damage = [&](const std::function<void(store::Batch&)>& how) {
    store::Batch batch;
    how(batch);
    account.reset();
    must(engine->commit(partition, batch));
    reopen();
    account = open(ada);
  };
  const auto stored = [&](const std::string& key) { return must(must(engine->snapshot(partition))->get(key)); };
  const std::string own = key::own_parts(ben, added.item);
  const std::string note = key::guest_alarm(ben, AlarmWay::mail, utc(2023, 11, 16, 9, 50), calendar, added.uid);
  const std::vector<std::pair<const char*, std::function<void(store::Batch&)>>> cases = {
      {"a record that is missing", [&](store::Batch& batch) { batch.erase(own); }},
      {"a record that is damaged", [&](store::Batch& batch) { batch.put(own, "no table"); }},
      {"a record of an item that is not there",
       [&](store::Batch& batch) { batch.put(key::own_parts(ben, ItemId(999)), "no table"); }},
      {"an alarm that is not noted", [&](store::Batch& batch) { batch.erase(note); }},
      {"an alarm of nothing",
       [&](store::Batch& batch) {
         batch.put(key::guest_alarm(ben, AlarmWay::shown, utc(2023, 12, 1), calendar, added.uid), "12345678");
       }},
  };
  for (const auto& [what, how] : cases) {
    put_as(as(ben), added.uid, meal(kMealTime + kBensMail));
    ASSERT_TRUE(stored(own) && stored(note)) << what;
    damage(how);
    const CheckOptions find{.repair = false, .read_content = true, .progress = {}};
    const CheckOptions mend{.repair = true, .read_content = false, .progress = {}};
    EXPECT_FALSE(must(accounts->check(find)).faults.empty()) << what;
    must(accounts->check(mend));
    EXPECT_TRUE(must(accounts->check(find)).faults.empty()) << what;
    account = open(ada);
  }
}

TEST_F(OwnPartsTest, CheckNotesWhatGuestsSeeOfOldItems) {
  const Added added = put(meal(kMealTime + kAdasAlarm));
  const auto partition = store::account_partition(account->id());
  auto item = must(decode_item(added.item, *must(must(engine->snapshot(partition))->get(key::item(added.item)))));
  auto filing = item.filings.front();
  item.bare_size = 0;
  item.bare_hash.clear();
  store::Batch batch;
  batch.put(key::item(added.item), encode(item));
  batch.put(key::named(calendar, filing.name), encode(make_named(item, filing)));
  account.reset();
  must(engine->commit(partition, batch));
  reopen();
  must(accounts->check({.repair = true, .read_content = false, .progress = {}}));
  account = open(ada);
  EXPECT_FALSE(has_text(bytes(added.item, as(ben)), "VALARM"));
  EXPECT_EQ(entry(added.uid, as(ben)).size, bytes(added.item, as(ben)).size());
  expect_sound();
}

TEST_F(OwnPartsTest, TooMuchIsRefused) {
  const Added added = put(meal(kMealTime));
  std::string many;
  for (int i = 0; i < 2000; ++i) many += kBensAlarm;
  EXPECT_EQ(reader(as(ben))->take_apart(calendar, added.uid, meal(kMealTime + many)).error().code, Errc::too_large);
  // Less than that for one event, but for very many.
  const std::string large =
      "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:" + std::string(kLargestOwnParts * 3 / 4, 'x') +
      "\r\nEND:VALARM\r\n";
  const Added other = put(event("other", kMealTime));
  must(try_put_as(as(ben), added.uid, meal(kMealTime + large)));
  store::Batch batch;
  for (std::size_t i = 0; i < kMostOwnParts / large.size(); ++i)
    batch.put(key::own_parts(ben, ItemId(1000 + i)), large);
  must(engine->commit(store::account_partition(account->id()), batch));
  EXPECT_EQ(try_put_as(as(ben), other.uid, event("other", kMealTime + large)).error().code, Errc::over_quota);
  must(try_put_as(as(ben), other.uid, event("other", kMealTime + kBensAlarm)));
}

}  // namespace
}  // namespace kontor::groupware
