// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/time_index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "groupware/calendar/calendar_fixture.h"
#include "groupware/keys.h"

namespace kontor::groupware {
namespace {

using std::chrono::seconds;

class TimeIndexTest : public CalendarTest {
 protected:
  // Items with the given facts, without any content.
  void index(const std::vector<Facts>& all) {
    store::Batch batch;
    std::uint32_t uid = 0;
    for (const Facts& facts : all)
      if (const auto key = time_key(calendar, Uid(++uid), facts))
        batch.put(*key, time_value(facts, ItemId(uid), fmt::format("{}.ics", uid)));
    must(engine->commit(store::account_partition(account->id()), batch, store::Durability::durable));
  }
  // The UIDs that are found, and how many records were looked at.
  std::pair<std::set<std::uint32_t>, std::size_t> find(Instant from, Instant to) {
    const auto snapshot = must(engine->snapshot(store::account_partition(account->id())));
    Layer layer(must(load_moment(*snapshot)),
                [&] { return engine->snapshot(store::account_partition(account->id())); });
    std::set<std::uint32_t> uids;
    const std::size_t looked_at =
        must(scan_times(layer, key::times(calendar), from, to, [&](const TimeRecord& record) -> Result<bool> {
          uids.insert(record.uid.value);
          return true;
        }));
    return {uids, looked_at};
  }
};

Facts span(Instant first, std::optional<Instant> last) {
  Facts facts;
  facts.first = first;
  facts.last = last;
  return facts;
}

TEST_F(TimeIndexTest, FindsWhatOverlapsAndNothingElse) {
  std::mt19937 random(7);
  std::vector<Facts> all;
  for (int i = 0; i < 2000; ++i) {
    const Instant first = utc(2020, 1, 1) + seconds(random() % 200'000'000);
    // Lengths of all classes.
    const auto length = static_cast<std::int64_t>(random() % (std::uint64_t{1} << (random() % 34)));
    all.push_back(span(first, i % 50 == 0 ? std::nullopt : std::optional(first + seconds(length))));
  }
  index(all);
  for (int i = 0; i < 50; ++i) {
    const Instant from = utc(2019, 6, 1) + seconds(random() % 250'000'000);
    const Instant to = from + seconds(1 + random() % 10'000'000);
    std::set<std::uint32_t> right;
    for (std::uint32_t at = 0; at < all.size(); ++at)
      if (*all[at].first < to && (!all[at].last || *all[at].last >= from)) right.insert(at + 1);
    EXPECT_EQ(find(from, to).first, right);
  }
}

TEST_F(TimeIndexTest, AMonthOfAHundredThousandEventsIsAFewRecords) {
  // Ten years with some 27 events a day, an hour each, and a thousand series.
  std::vector<Facts> all;
  for (int i = 0; i < 99'000; ++i)
    all.push_back(span(utc(2015, 1, 1) + seconds(i * 3'190), utc(2015, 1, 1) + seconds(i * 3'190 + 3'600)));
  for (int i = 0; i < 1'000; ++i)
    all.push_back(span(utc(2015, 1, 1) + seconds(i * 319'000), utc(2015, 1, 1) + seconds(i * 319'000 + 8'000'000)));
  index(all);
  const auto [uids, looked_at] = find(utc(2020, 5, 1), utc(2020, 6, 1));
  EXPECT_GT(uids.size(), 800u);
  EXPECT_LT(uids.size(), 1'000u);
  EXPECT_LT(looked_at, uids.size() + 100);
}

TEST_F(TimeIndexTest, NoZoneLosesWhatItsWallDecides) {
  Facts day = span(utc(2023, 11, 15), utc(2023, 11, 16));
  day.is_floating = true;
  index({day, span(utc(2023, 11, 15), utc(2023, 11, 16))});
  EXPECT_EQ(find(utc(2023, 11, 14, 10), utc(2023, 11, 14, 11)).first, (std::set<std::uint32_t>{1}));
  EXPECT_EQ(find(utc(2023, 11, 16, 11), utc(2023, 11, 16, 12)).first, (std::set<std::uint32_t>{1}));
  EXPECT_TRUE(find(utc(2023, 11, 18), utc(2023, 11, 19)).first.empty());
}

TEST_F(TimeIndexTest, TakesAnyTimes) {
  index({span(Instant::min(), std::nullopt), span(Instant::min(), Instant::max()), span(Instant::max(), Instant::max()),
         span(utc(2023, 1, 2), utc(2023, 1, 1)), Facts()});
  EXPECT_EQ(find(Instant::min(), Instant::max()).first, (std::set<std::uint32_t>{1, 2, 4}))
      << "the third begins with the end";
  EXPECT_EQ(find(utc(1, 1, 1), utc(2, 1, 1)).first, (std::set<std::uint32_t>{1, 2}));
}

TEST_F(TimeIndexTest, GoesWithTheItems) {
  const Added talk = put(event("talk", "DTSTART:20231120T100000Z\r\nDTEND:20231120T110000Z\r\n"));
  put(event("daily", "DTSTART:20200101T080000Z\r\nRRULE:FREQ=DAILY\r\n"));
  put(event("old", "DTSTART:20190101T080000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"));
  const auto day = [&] { return in_time(utc(2023, 11, 20), utc(2023, 11, 21)); };
  EXPECT_EQ(day(), (std::vector<std::string>{"daily.ics", "talk.ics"}));
  replace(talk.uid, event("talk", "DTSTART:20231220T100000Z\r\nDTEND:20231220T110000Z\r\n"));
  EXPECT_EQ(day(), (std::vector<std::string>{"daily.ics"}));
  change([&](Transaction& t) -> Result<void> {
    TRY_VOID(t.rename(calendar, talk.uid, "walk.ics"));
    return t.remove(calendar, must(t.named(calendar, "daily.ics")));
  });
  EXPECT_TRUE(day().empty());
  EXPECT_EQ(in_time(utc(2023, 12, 20), utc(2023, 12, 21)), (std::vector<std::string>{"walk.ics"}));
  expect_sound();
}

}  // namespace
}  // namespace kontor::groupware
