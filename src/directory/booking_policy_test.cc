// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/booking_policy.h"

#include "directory/testing.h"

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

class ApproversTest : public DirectoryTest {
 protected:
  void TearDown() override { expect_clean(); }
};

TEST_F(ApproversTest, AreOfTheTenantAndGoWithTheirAccounts) {
  const Principal ann = add("ann@example.org"), bob = add("bob@example.org"), sue = add("sue@other.example");
  Principal room = add("room@example.org", PrincipalKind::room);
  room.booking.answer = BookingPolicy::Answer::by_approval;
  room.booking.approvers = {sue.id};
  EXPECT_TRUE(fails(directory->update_principal(room), Errc::invalid, "of its tenant"));
  room.booking.approvers = {ann.id, bob.id};
  ASSERT_TRUE(directory->update_principal(room));
  ASSERT_TRUE(directory->remove_principal(ann.id));
  room = directory->principal(room.id).value();
  EXPECT_EQ(room.booking.approvers, std::vector{bob.id});
  EXPECT_EQ(room.booking.answer, BookingPolicy::Answer::by_approval);
  ASSERT_TRUE(directory->remove_principal(bob.id));
  room = directory->principal(room.id).value();
  EXPECT_TRUE(room.booking.approvers.empty());
  EXPECT_EQ(room.booking.answer, BookingPolicy::Answer::manual);
}

}  // namespace
}  // namespace kontor::directory
