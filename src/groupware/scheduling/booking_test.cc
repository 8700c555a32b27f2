// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/booking.h"

#include <gtest/gtest.h>

#include "formats/itip/testing.h"

namespace kontor::groupware {
namespace {

using directory::BookingPolicy;

Instant utc(int year, unsigned month, unsigned day, int hour, int minute = 0) {
  return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day)) +
         std::chrono::hours(hour) + std::chrono::minutes(minute);
}

const Instant kNow = utc(2026, 7, 1, 0);

itip::Component asked(const std::string& lines) {
  return itip::calendar_of("BEGIN:VEVENT\nUID:u\n" + lines + "\nEND:VEVENT", "REQUEST");
}

struct BookingCase {
  const char* why;
  BookingPolicy policy;
  std::string request;
  std::string status;
  std::size_t declined = 0;
  std::string why_not = {};  // where it is accepted
};

TEST(Booking, Table) {
  const std::string once = "DTSTART;TZID=Europe/Berlin:20260707T100000\nDURATION:PT1H";
  const std::string weekly = once + "\nRRULE:FREQ=WEEKLY;COUNT=4";
  const auto hours = [](const char* text) { return std::vector{directory::parse_hours(text).value()}; };
  // Taken: on the 7th and the 21st, 8:30Z to 9:30Z, which is within 10 to 11 in Berlin.
  const std::vector<TakenSpan> others = {{utc(2026, 7, 7, 8, 30), utc(2026, 7, 7, 9, 30)},
                                         {utc(2026, 7, 21, 8, 30), utc(2026, 7, 21, 9, 30)}};
  const std::vector<BookingCase> cases = {
      {"free", {}, "DTSTART:20260708T080000Z\nDURATION:PT1H", "ACCEPTED"},
      {"taken", {}, once, "DECLINED"},
      {"right behind another", {}, "DTSTART:20260707T093000Z\nDURATION:PT1H", "ACCEPTED"},
      {"in the past", {}, "DTSTART:20260607T080000Z\nDURATION:PT1H", "DECLINED"},
      {"a series with taken times", {}, weekly, "DECLINED"},
      {"a series that may have them",
       {.most_conflicts = 2, .hours = {}, .zone = {}, .approvers = {}},
       weekly,
       "ACCEPTED",
       2,
       "It is taken: Tuesday, 07 July 2026, 10:00 - 11:00 (Europe/Berlin); Tuesday, 21 July 2026, 10:00 - 11:00 "
       "(Europe/Berlin)"},
      {"whole days, some of them taken",
       {.most_conflicts = 1, .hours = {}, .zone = {}, .approvers = {}},
       "DTSTART;VALUE=DATE:20260720\nRRULE:FREQ=DAILY;COUNT=2",
       "ACCEPTED",
       1,
       "It is taken: Tuesday, 21 July 2026"},
      {"no series",
       {.takes_series = false, .hours = {}, .zone = {}, .approvers = {}},
       "DTSTART:20260708T080000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2",
       "DECLINED"},
      {"too far ahead",
       {.window_days = 5, .hours = {}, .zone = {}, .approvers = {}},
       "DTSTART:20260708T080000Z\nDURATION:PT1H",
       "DECLINED"},
      {"without an end",
       {.window_days = 30, .hours = {}, .zone = {}, .approvers = {}},
       "DTSTART:20260708T080000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY",
       "DECLINED"},
      {"more often than can be looked at",
       {},
       "DTSTART:20260708T080000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY;INTERVAL=2",
       "DECLINED"},
      {"as often as can be looked at",
       {},
       "DTSTART:20260708T080000Z\nDURATION:PT1S\nRRULE:FREQ=MINUTELY;COUNT=1000",
       "ACCEPTED"},
      {"too long",
       {.longest_minutes = 30, .hours = {}, .zone = {}, .approvers = {}},
       "DTSTART:20260708T080000Z\nDURATION:PT1H",
       "DECLINED"},
      {"closed",
       {.hours = hours("mon-fri 12:00-18:00"), .zone = "Europe/Berlin", .approvers = {}},
       "DTSTART:20260708T080000Z\nDURATION:PT1H",
       "DECLINED"},
      {"open in its own zone",
       {.hours = hours("mon-fri 10:00-18:00"), .zone = "Europe/Berlin", .approvers = {}},
       "DTSTART:20260708T080000Z\nDURATION:PT1H",
       "ACCEPTED"},
      {"longer than it is open",
       {.hours = hours("mon-fri 10:00-18:00"), .zone = "Europe/Berlin", .approvers = {}},
       "DTSTART:20260708T153000Z\nDURATION:PT1H",
       "DECLINED"},
      {"on a Saturday",
       {.hours = hours("mon-fri 00:00-24:00"), .zone = {}, .approvers = {}},
       "DTSTART:20260711T080000Z\nDURATION:PT1H",
       "DECLINED"},
      {"with approval",
       {.answer = BookingPolicy::Answer::by_approval, .hours = {}, .zone = {}, .approvers = {}},
       "DTSTART:20260708T080000Z\nDURATION:PT1H",
       "TENTATIVE"},
  };
  for (const BookingCase& each : cases) {
    const auto answer = answer_booking(
        each.policy, asked(each.request), [&](Instant, Instant) -> Result<std::vector<TakenSpan>> { return others; },
        itip::test_zones(), kNow);
    ASSERT_TRUE(answer) << each.why << ": " << answer.error().text;
    EXPECT_EQ(answer->status, each.status) << each.why << ": " << answer->why;
    if (answer->status == "ACCEPTED") {
      EXPECT_EQ(answer->why, each.why_not) << each.why;
    } else {
      EXPECT_FALSE(answer->why.empty()) << each.why;
    }
    EXPECT_EQ(answer->declined.size(), each.declined) << each.why;
  }
}

TEST(Booking, WhatIsBookedTooOftenIsDeclined) {
  const auto answer = answer_booking(
      {}, asked("DTSTART:20260708T080000Z\nDURATION:PT1H"),
      [](Instant, Instant) -> Result<std::vector<TakenSpan>> { return fail(Errc::too_large, "too many"); },
      itip::test_zones(), kNow);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, "DECLINED");
}

}  // namespace
}  // namespace kontor::groupware
