// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/pace.h"

#include <gtest/gtest.h>

namespace kontor::imap {
namespace {

using namespace std::chrono_literals;

TEST(Pace, LetsABurstPassThenSlowsDown) {
  Pace pace(10);
  const Pace::Clock::time_point start{};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(pace.take(1, start), 0ms) << i;
  EXPECT_EQ(pace.take(1, start), 100ms);
  EXPECT_EQ(pace.take(1, start), 200ms);
  EXPECT_EQ(pace.take(2, start), 0ms) << "another user";
  EXPECT_EQ(pace.take(1, start + 1s), 0ms);
  EXPECT_EQ(pace.take(1, start + 100s), 0ms);
  for (int i = 0; i < 19; ++i) pace.take(1, start + 100s);
  EXPECT_EQ(pace.take(1, start + 100s), 100ms) << "what was not used is not saved up";
}

TEST(Pace, CanBeWithoutALimit) {
  Pace pace(0);
  for (int i = 0; i < 100'000; ++i) ASSERT_EQ(pace.take(1, Pace::Clock::time_point()), 0ms);
}

TEST(Pace, ForgetsThoseWhoAreGone) {
  Pace pace(1);
  for (std::uint64_t who = 1; who < 100'000; ++who)
    ASSERT_EQ(pace.take(who, Pace::Clock::time_point() + std::chrono::seconds(2 * who)), 0ms);
}

}  // namespace
}  // namespace kontor::imap
