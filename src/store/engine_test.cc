// SPDX-License-Identifier: AGPL-3.0-or-later
// The laws of store::Engine, the same for every engine.
#include "store/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "store/under_test.h"

namespace kontor::store {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr Partition kOne = account_partition(AccountId(1));
constexpr Partition kTwo = account_partition(AccountId(2));
constexpr Partition kThree = account_partition(AccountId(3));

template <class T>
class EngineLaws : public testing::Test {
 protected:
  Engine& engine() { return *under_test_.engine; }

  void put(Partition partition, std::string key, std::string value, Space space = Space::records) {
    Batch batch;
    batch.put(std::move(key), std::move(value), space);
    ASSERT_TRUE(engine().commit(partition, batch));
  }

  std::optional<std::string> get(Partition partition, Key key, Space space = Space::records) {
    auto snapshot = engine().snapshot(partition).value();
    const auto value = snapshot->get(key, space).value();
    return value ? std::optional<std::string>(*value) : std::nullopt;
  }

  Pairs scan(Partition partition, Key first, Key last, Space space = Space::records) {
    return collect(*engine().snapshot(partition).value(), first, last, space);
  }

  static Pairs collect(Snapshot& snapshot, Key first, Key last, Space space = Space::records) {
    Pairs pairs;
    EXPECT_TRUE(
        snapshot.scan(first, last, [&](Key key, Value value) { return pairs.emplace_back(key, value), true; }, space));
    return pairs;
  }

  Pairs scan_back(Partition partition, Key first, Key last, Space space = Space::records) {
    Pairs pairs;
    EXPECT_TRUE(engine().snapshot(partition).value()->scan_back(
        first, last, [&](Key key, Value value) { return pairs.emplace_back(key, value), true; }, space));
    return pairs;
  }

  T under_test_;
};

TYPED_TEST_SUITE(EngineLaws, EnginesUnderTest);

std::string long_key(std::size_t size) { return std::string(size, '\xff'); }

}  // namespace

TYPED_TEST(EngineLaws, AValueIsReadBackUntilErased) {
  EXPECT_EQ(this->get(kOne, "a"), std::nullopt);
  this->put(kOne, "a", "1");
  EXPECT_EQ(this->get(kOne, "a"), "1");
  this->put(kOne, "a", "2");
  EXPECT_EQ(this->get(kOne, "a"), "2");
  Batch batch;
  batch.erase("a");
  batch.erase("never there");
  ASSERT_TRUE(this->engine().commit(kOne, batch));
  EXPECT_EQ(this->get(kOne, "a"), std::nullopt);
}

TYPED_TEST(EngineLaws, AnEmptyValueIsNotAnAbsentOne) {
  this->put(kOne, "a", "");
  EXPECT_EQ(this->get(kOne, "a"), "");
  EXPECT_EQ(this->scan(kOne, "", ""), (Pairs{{"a", ""}}));
}

TYPED_TEST(EngineLaws, TheSpacesAreApart) {
  this->put(kOne, "a", "record");
  this->put(kOne, "a", "content", Space::content);
  this->put(kOne, "b", "more", Space::content);
  EXPECT_EQ(this->get(kOne, "a"), "record");
  EXPECT_EQ(this->get(kOne, "a", Space::content), "content");
  EXPECT_EQ(this->get(kOne, "b"), std::nullopt);
  EXPECT_EQ(this->scan(kOne, "", "", Space::content), (Pairs{{"a", "content"}, {"b", "more"}}));
  Batch batch;
  batch.erase("a");
  ASSERT_TRUE(this->engine().commit(kOne, batch));
  EXPECT_EQ(this->get(kOne, "a", Space::content), "content");
}

TYPED_TEST(EngineLaws, OfOneKeyTheLastChangeOfABatchWins) {
  this->put(kOne, "gone", "old");
  Batch batch;
  batch.put("a", "1");
  batch.erase("a");
  batch.put("a", "2");
  batch.put("b", "1");
  batch.erase("b");
  batch.put("gone", "new");
  batch.erase("gone");
  ASSERT_TRUE(this->engine().commit(kOne, batch));
  EXPECT_EQ(this->scan(kOne, "", ""), (Pairs{{"a", "2"}}));
}

TYPED_TEST(EngineLaws, ScansKeepToTheirBounds) {
  for (const char* key : {"a", "b", "ba", "c", "d"}) this->put(kOne, key, key);
  struct Case {
    const char* first;
    const char* last;
    std::vector<std::string> keys;
    const char* why;
  };
  const Case cases[] = {
      {"", "", {"a", "b", "ba", "c", "d"}, "all"},
      {"b", "d", {"b", "ba", "c"}, "first belongs to it, last does not"},
      {"b", "", {"b", "ba", "c", "d"}, "an empty last is the partition's end"},
      {"", "b", {"a"}, "an empty first is its begin"},
      {"aa", "bb", {"b", "ba"}, "bounds need not exist"},
      {"b", "b", {}, "an empty range"},
      {"d", "b", {}, "a range the wrong way round"},
      {"e", "", {}, "behind the last key"},
  };
  for (const Case& c : cases) {
    Pairs expected;
    for (const auto& key : c.keys) expected.emplace_back(key, key);
    EXPECT_EQ(this->scan(kOne, c.first, c.last), expected) << c.why;
    std::reverse(expected.begin(), expected.end());
    EXPECT_EQ(this->scan_back(kOne, c.first, c.last), expected) << c.why << ", backwards";
  }
}

TYPED_TEST(EngineLaws, AScanEndsWhenTheVisitorHasEnough) {
  for (const char* key : {"a", "b", "c"}) this->put(kOne, key, key);
  auto snapshot = this->engine().snapshot(kOne).value();
  int visits = 0;
  ASSERT_TRUE(snapshot->scan("", "", [&](Key, Value) { return ++visits < 2; }));
  EXPECT_EQ(visits, 2);
  visits = 0;
  std::string last_seen;
  ASSERT_TRUE(snapshot->scan_back("", "", [&](Key key, Value) { return last_seen = key, ++visits < 2; }));
  EXPECT_EQ(visits, 2);
  EXPECT_EQ(last_seen, "b");
}

TYPED_TEST(EngineLaws, KeysAreOrderedAsUnsignedBytes) {
  using namespace std::string_literals;
  const std::vector<std::string> keys{"\x00"s, "\x00\x00"s, "\x00\xff"s, "\x01"s,    "A"s,
                                      "\x7f"s, "\x80"s,     "\xff"s,     "\xff\xff"s};
  for (auto it = keys.rbegin(); it != keys.rend(); ++it) this->put(kOne, *it, *it);
  Pairs expected;
  for (const auto& key : keys) expected.emplace_back(key, key);
  EXPECT_EQ(this->scan(kOne, "", ""), expected);
  std::reverse(expected.begin(), expected.end());
  EXPECT_EQ(this->scan_back(kOne, "", ""), expected);
}

TYPED_TEST(EngineLaws, NeighbouringPartitionsSeeNothingOfEachOther) {
  this->put(kOne, long_key(kMaxKey), "one's highest");
  this->put(kThree, std::string(1, '\0'), "three's lowest");
  this->put(kOne, "a", "c1", Space::content);
  this->put(kThree, "a", "c3", Space::content);
  EXPECT_TRUE(this->scan(kTwo, "", "").empty());
  EXPECT_TRUE(this->scan_back(kTwo, "", "").empty());
  EXPECT_TRUE(this->scan(kTwo, "", "", Space::content).empty());
  this->put(kTwo, "a", "2");
  EXPECT_EQ(this->scan(kTwo, "", ""), (Pairs{{"a", "2"}}));
  EXPECT_EQ(this->scan_back(kTwo, "", ""), (Pairs{{"a", "2"}}));
  EXPECT_EQ(this->scan(kOne, "", ""), (Pairs{{long_key(kMaxKey), "one's highest"}}));
  EXPECT_EQ(this->scan_back(kOne, "", ""), (Pairs{{long_key(kMaxKey), "one's highest"}}));
  EXPECT_EQ(this->scan_back(kThree, "", ""), (Pairs{{std::string(1, '\0'), "three's lowest"}}));
}

TYPED_TEST(EngineLaws, TheLastPartitionOfAllHasAnEnd) {
  constexpr Partition last(~std::uint64_t{0});
  this->put(last, long_key(kMaxKey), "v");
  EXPECT_EQ(this->scan(last, "", "").size(), 1U);
  EXPECT_EQ(this->scan_back(last, "", "").size(), 1U);
  EXPECT_EQ(this->engine().partitions().value(), std::vector<Partition>{last});
  ASSERT_TRUE(this->engine().drop(last));
  EXPECT_TRUE(this->scan(last, "", "").empty());
}

TYPED_TEST(EngineLaws, DropRemovesOnePartitionAndOnlyThat) {
  for (const Partition partition : {kOne, kTwo, kThree}) {
    this->put(partition, "a", "1");
    this->put(partition, long_key(kMaxKey), "2");
    this->put(partition, "a", std::string(5000, 'x'), Space::content);
  }
  ASSERT_TRUE(this->engine().drop(kTwo));
  EXPECT_TRUE(this->scan(kTwo, "", "").empty());
  EXPECT_TRUE(this->scan(kTwo, "", "", Space::content).empty());
  for (const Partition partition : {kOne, kThree}) {
    EXPECT_EQ(this->scan(partition, "", "").size(), 2U);
    EXPECT_EQ(this->scan(partition, "", "", Space::content).size(), 1U);
  }
  this->put(kTwo, "a", "again");
  EXPECT_EQ(this->scan(kTwo, "", ""), (Pairs{{"a", "again"}}));
}

TYPED_TEST(EngineLaws, PartitionsWithRecordsAreListed) {
  EXPECT_TRUE(this->engine().partitions().value().empty());
  this->put(kThree, "a", "1");
  this->put(kDirectoryPartition, "a", "1");
  this->put(kDirectoryPartition, "b", "1");
  this->put(kOne, "a", "content only", Space::content);
  EXPECT_EQ(this->engine().partitions().value(), (std::vector{kDirectoryPartition, kThree}));
  Batch batch;
  batch.erase("a");
  ASSERT_TRUE(this->engine().commit(kThree, batch));
  EXPECT_EQ(this->engine().partitions().value(), std::vector{kDirectoryPartition});
}

TYPED_TEST(EngineLaws, ASnapshotStaysAtItsMoment) {
  this->put(kOne, "a", "1");
  this->put(kOne, "b", "1");
  this->put(kOne, "c", "1");
  auto snapshot = this->engine().snapshot(kOne).value();
  for (int i = 2; i < 5; ++i) this->put(kOne, "a", std::to_string(i));
  this->put(kOne, "d", "1");
  this->put(kOne, "a", "content", Space::content);
  Batch batch;
  batch.erase("b");
  ASSERT_TRUE(this->engine().commit(kOne, batch));
  auto later = this->engine().snapshot(kOne).value();
  this->put(kOne, "b", "back");

  EXPECT_EQ(*snapshot->get("a").value(), "1");
  EXPECT_EQ(*snapshot->get("b").value(), "1");
  EXPECT_FALSE(snapshot->get("d").value());
  EXPECT_FALSE(snapshot->get("a", Space::content).value());
  EXPECT_EQ(this->collect(*snapshot, "", ""), (Pairs{{"a", "1"}, {"b", "1"}, {"c", "1"}}));
  EXPECT_EQ(this->collect(*later, "", ""), (Pairs{{"a", "4"}, {"c", "1"}, {"d", "1"}}));
  EXPECT_EQ(this->scan(kOne, "", ""), (Pairs{{"a", "4"}, {"b", "back"}, {"c", "1"}, {"d", "1"}}));
  ASSERT_TRUE(this->engine().drop(kOne));
  EXPECT_EQ(this->collect(*snapshot, "", ""), (Pairs{{"a", "1"}, {"b", "1"}, {"c", "1"}}));
}

TYPED_TEST(EngineLaws, AScanMayCommitWhileItGoesOn) {
  for (const char* key : {"a", "b", "c"}) this->put(kOne, key, key);
  auto snapshot = this->engine().snapshot(kOne).value();
  std::string seen;
  ASSERT_TRUE(snapshot->scan("", "", [&](Key key, Value) {
    seen += key;
    this->put(kOne, std::string(key) + "x", "new");
    return true;
  }));
  EXPECT_EQ(seen, "abc");
  EXPECT_EQ(this->scan(kOne, "", "").size(), 6U);
}

TYPED_TEST(EngineLaws, ExpectationsDecide) {
  this->put(kOne, "a", "1");
  this->put(kOne, "empty", "");
  this->put(kOne, "c", "content", Space::content);
  struct Case {
    const char* key;
    std::optional<std::string> expected;
    bool holds;
    const char* why;
  };
  const Case cases[] = {
      {"a", "1", true, "as it is"},
      {"a", "2", false, "another value"},
      {"a", "", false, "an empty value is a value"},
      {"a", std::nullopt, false, "there, expected absent"},
      {"none", std::nullopt, true, "absent as expected"},
      {"none", "1", false, "absent, expected there"},
      {"none", "", false, "absent is not empty"},
      {"empty", "", true, "empty as expected"},
      {"empty", std::nullopt, false, "empty is not absent"},
      {"c", std::nullopt, true, "expectations look at records, not at content"},
  };
  for (const Case& c : cases) {
    Batch batch;
    batch.expect("a", "1");
    batch.expect(c.key, c.expected);
    batch.put("target", c.why);
    batch.put("target", c.why, Space::content);
    const auto before = this->get(kOne, "target");
    const auto done = this->engine().commit(kOne, batch);
    EXPECT_EQ(done.has_value(), c.holds) << c.why;
    if (!done) {
      EXPECT_EQ(done.error().code, Errc::conflict) << c.why;
    }
    EXPECT_EQ(this->get(kOne, "target"), c.holds ? c.why : before) << c.why;
    EXPECT_EQ(this->get(kOne, "target", Space::content), c.holds ? c.why : before) << c.why;
  }
}

TYPED_TEST(EngineLaws, ExpectationsLookAtTheirOwnPartition) {
  this->put(kOne, "a", "1");
  Batch batch;
  batch.expect("a", std::nullopt);
  batch.put("b", "1");
  EXPECT_TRUE(this->engine().commit(kTwo, batch));
  EXPECT_FALSE(this->engine().commit(kOne, batch));
}

TYPED_TEST(EngineLaws, ABatchMayOnlyExpect) {
  this->put(kOne, "a", "1");
  Batch right;
  right.expect("a", "1");
  EXPECT_TRUE(this->engine().commit(kOne, right));
  Batch wrong;
  wrong.expect("a", "2");
  EXPECT_EQ(this->engine().commit(kOne, wrong).error().code, Errc::conflict);
  EXPECT_TRUE(this->engine().commit(kOne, Batch()));
}

TYPED_TEST(EngineLaws, KeysOutOfBoundsAreRefused) {
  for (const std::string& key : {std::string(), long_key(kMaxKey + 1)}) {
    Batch put;
    put.put("good", "1");
    put.put(key, "1");
    EXPECT_EQ(this->engine().commit(kOne, put).error().code, Errc::invalid);
    Batch erase;
    erase.erase(key, Space::content);
    EXPECT_EQ(this->engine().commit(kOne, erase).error().code, Errc::invalid);
    Batch expect;
    expect.expect(key, std::nullopt);
    EXPECT_EQ(this->engine().commit(kOne, expect).error().code, Errc::invalid);
    EXPECT_EQ(this->get(kOne, key), std::nullopt);
  }
  EXPECT_EQ(this->get(kOne, "good"), std::nullopt);
  this->put(kOne, long_key(kMaxKey), "1");
  EXPECT_EQ(this->get(kOne, long_key(kMaxKey)), "1");
}

TYPED_TEST(EngineLaws, LargeAndBinaryValuesComeBackWhole) {
  for (const std::size_t size : {1023, 1024, 1025, 70'000, 9'000'000}) {
    const std::string value = noise(size, 7);
    this->put(kOne, "r" + std::to_string(size), value);
    this->put(kOne, "c" + std::to_string(size), value, Space::content);
    EXPECT_TRUE(this->get(kOne, "r" + std::to_string(size)) == value) << size;
    EXPECT_TRUE(this->get(kOne, "c" + std::to_string(size), Space::content) == value) << size;
  }
}

TYPED_TEST(EngineLaws, LazyCommitsAreSeenAtOnce) {
  Batch batch;
  batch.put("a", "1");
  ASSERT_TRUE(this->engine().commit(kOne, batch, Durability::lazy));
  EXPECT_EQ(this->get(kOne, "a"), "1");
}

// Counters raised by compare-and-set from many threads lose nothing; a reader never sees half of a commit.
TYPED_TEST(EngineLaws, ConcurrentWritersLoseNothing) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 60;
  std::atomic<bool> is_done = false;
  std::atomic<int> torn = 0;
  std::thread reader([&] {
    while (!is_done) {
      auto snapshot = this->engine().snapshot(kOne).value();
      const auto record = snapshot->get("counter").value();
      const std::string first = record ? std::string(*record) : "";
      const auto content = snapshot->get("counter", Space::content).value();
      if (first != (content ? std::string(*content) : "")) ++torn;
    }
  });
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t)
    writers.emplace_back([&, t] {
      for (int i = 0; i < kRounds;) {
        const auto old = this->get(kOne, "counter");
        const std::string raised = std::to_string(std::stoi(old.value_or("0")) + 1);
        Batch batch;
        batch.expect("counter", old);
        batch.put("counter", raised);
        batch.put("counter", raised, Space::content);
        batch.put("t" + std::to_string(t) + "/" + std::to_string(i), raised);
        const auto done = this->engine().commit(kOne, batch, Durability::lazy);
        if (done) ++i;
        if (!done && done.error().code != Errc::conflict) ADD_FAILURE() << done.error().text;
      }
    });
  for (auto& writer : writers) writer.join();
  is_done = true;
  reader.join();
  EXPECT_EQ(this->get(kOne, "counter"), std::to_string(kThreads * kRounds));
  EXPECT_EQ(this->scan(kOne, "t", "u").size(), std::size_t{kThreads} * kRounds);
  EXPECT_EQ(torn, 0);
}

// A commit without expectations must not slip between another's check and its write: it sets x and resets y, the other
// sets y to x while it expects x. So y is never an x of before.
TYPED_TEST(EngineLaws, PlainWritersDoNotSlipIntoAnExpectation) {
  this->put(kOne, "x", "0");
  std::atomic<bool> is_done = false;
  std::thread plain([&] {
    for (int i = 1; !is_done; ++i) {
      Batch batch;
      batch.put("x", std::to_string(i));
      batch.put("y", "");
      EXPECT_TRUE(this->engine().commit(kOne, batch, Durability::lazy));
    }
  });
  std::atomic<int> taken = 0;
  std::atomic<int> slipped = 0;
  const auto follow = [&] {
    for (int i = 0; i < 2000; ++i) {
      const std::string x = this->get(kOne, "x").value();
      Batch batch;
      batch.expect("x", x);
      batch.put("y", x);
      if (this->engine().commit(kOne, batch, Durability::lazy)) ++taken;
      auto snapshot = this->engine().snapshot(kOne).value();
      const std::string now(*snapshot->get("x").value());
      const auto y = snapshot->get("y").value();
      if (y && !y->empty() && *y != now) ++slipped;
    }
  };
  std::thread follower(follow);
  follow();
  follower.join();
  is_done = true;
  plain.join();
  EXPECT_GT(taken, 0);
  EXPECT_EQ(slipped, 0);
}

}  // namespace kontor::store
