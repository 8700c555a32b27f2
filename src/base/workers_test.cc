// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace kontor {
namespace {

TEST(Workers, FinishRunsWhatIsQueuedAndWhatThatPosts) {
  std::atomic<int> ran = 0;
  Workers workers(2);
  for (int i = 0; i < 20; ++i) {
    workers.post([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      ++ran;
      workers.post([&] { ++ran; });
    });
  }
  workers.finish();
  EXPECT_EQ(ran, 40);
  workers.finish();
  EXPECT_EQ(workers.threads(), 2u);
}

TEST(Workers, TheDestructorFinishes) {
  std::atomic<int> ran = 0;
  {
    Workers workers(1);
    for (int i = 0; i < 20; ++i) workers.post([&] { ++ran; });
  }
  EXPECT_EQ(ran, 20);
}

}  // namespace
}  // namespace kontor
