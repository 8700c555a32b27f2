// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/booking_policy.h"

#include <gtest/gtest.h>

namespace kontor::directory {
namespace {

TEST(BookingHours, ReadBackAsTheyAreWritten) {
  for (const char* text : {"mon-fri 08:00-18:00", "sat 09:30-24:00", "mon-sun 00:00-24:00", "fri-mon 10:00-11:00"}) {
    const auto hours = parse_hours(text);
    ASSERT_TRUE(hours) << text;
    EXPECT_EQ(print(*hours), text);
  }
}

TEST(BookingHours, WhatIsNone) {
  for (const char* text : {"", "mon", "mon 8:00-9:00", "mon 09:00-08:00", "mon 09:00-09:00", "monday 08:00-09:00",
                           "mon 08:00-24:01", "mon 08:61-09:00", "mon-fri", "mon 08:00"})
    EXPECT_FALSE(parse_hours(text)) << text;
}

}  // namespace
}  // namespace kontor::directory
