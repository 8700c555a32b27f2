// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/subject_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace kontor::groupware {
namespace {

TEST(SubjectCache, KeepsWhatFits) {
  Subjects subjects(10'000);
  EXPECT_FALSE(subjects.find(ItemId(5)));
  EXPECT_EQ(subjects.keep(ItemId(5), "FIVE"), "FIVE");
  EXPECT_EQ(subjects.keep(ItemId(6), ""), "");
  EXPECT_EQ(subjects.find(ItemId(5)), "FIVE");
  EXPECT_EQ(subjects.find(ItemId(6)), "") << "an empty subject is known, too";
  EXPECT_FALSE(subjects.find(ItemId(7)));
  EXPECT_FALSE(subjects.find(ItemId(5'000'000)));
  EXPECT_FALSE(subjects.keep(ItemId(7), std::string(9'000, 'x'))) << "there is no room";
  EXPECT_FALSE(subjects.find(ItemId(7)));
}

TEST(SubjectCache, ForgetsWhatWasUsedLongAgo) {
  SubjectCache cache(12'000);
  const auto fill = [&](std::uint64_t account) {
    cache.of(AccountId(account))->keep(ItemId(1), std::string(3'000, 'x'));
  };
  for (const std::uint64_t account : {1, 2, 1, 3}) fill(account);
  const auto knows = [&](std::uint64_t account) { return cache.of(AccountId(account))->find(ItemId(1)).has_value(); };
  EXPECT_TRUE(knows(3));
  EXPECT_TRUE(knows(1));
  EXPECT_FALSE(knows(2));
}

TEST(SubjectCache, SmallAccountsCountAsWhatTheyTake) {
  Subjects small(1 << 20);
  small.keep(ItemId(1), "A");
  EXPECT_GT(small.bytes(), 3'000U) << "a block of items, the first block of texts";
  EXPECT_LT(small.bytes(), 5'000U);
  SubjectCache cache(100'000);
  for (std::uint64_t account = 1; account <= 100; ++account) cache.of(AccountId(account))->keep(ItemId(1), "A");
  std::size_t kept = 0;
  for (std::uint64_t account = 100; account >= 1; --account)
    kept += cache.of(AccountId(account))->find(ItemId(1)) ? 1 : 0;
  EXPECT_LT(kept, 40U);
  EXPECT_GT(kept, 10U);
}

}  // namespace
}  // namespace kontor::groupware
