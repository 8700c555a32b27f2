// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/free_busy.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "groupware/calendar/calendar_fixture.h"

namespace kontor::groupware {
namespace {

using BusyKindOf = BusyPeriod::Kind;

std::string hour(int begin, const std::string& lines = "") {
  return fmt::format("DTSTART:20231120T{:02}0000Z\r\nDTEND:20231120T{:02}0000Z\r\nSUMMARY:At {}\r\n{}", begin,
                     begin + 1, begin, lines);
}

class FreeBusyTest : public CalendarTest {
 protected:
  Result<std::vector<BusyPeriod>> ask(Caller caller, const FreeBusyOptions& asked = {}) {
    return free_busy(*account, *directory, accounts->zones(), icalendar::utc_zone(), caller, utc(2023, 11, 20),
                     utc(2023, 11, 21), asked);
  }
};

TEST_F(FreeBusyTest, TellsWhatTakesTime) {
  put(event("busy", hour(8)));
  put(event("free", hour(9, "TRANSP:TRANSPARENT\r\n")));
  put(event("cancelled", hour(10, "STATUS:CANCELLED\r\n")));
  put(event("tentative", hour(11, "STATUS:TENTATIVE\r\n")));
  put(event("declined", hour(12, "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.org\r\n")));
  put(event("asked", hour(13, "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ada@example.org\r\n")));
  put(event("others", hour(14, "ATTENDEE;PARTSTAT=DECLINED:mailto:ben@example.org\r\n")));
  put(event("away", hour(15, "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n")));
  put(event("daily", "DTSTART:20230101T200000Z\r\nDTEND:20230101T203000Z\r\nRRULE:FREQ=DAILY\r\nCLASS:PRIVATE\r\n"));
  put(todo("task", "DTSTART:20231120T210000Z\r\nDUE:20231120T220000Z\r\n"), "task.ics");
  put("no calendar", "bad.ics");
  const auto periods = must(ask(as(ada)));
  std::vector<std::pair<Instant, BusyKindOf>> found;
  for (const BusyPeriod& period : periods) found.emplace_back(period.from, period.kind);
  const std::vector<std::pair<Instant, BusyKindOf>> right = {
      {utc(2023, 11, 20, 8), BusyKindOf::busy},           {utc(2023, 11, 20, 11), BusyKindOf::tentative},
      {utc(2023, 11, 20, 13), BusyKindOf::tentative},     {utc(2023, 11, 20, 14), BusyKindOf::busy},
      {utc(2023, 11, 20, 15), BusyKindOf::out_of_office}, {utc(2023, 11, 20, 20), BusyKindOf::busy}};
  EXPECT_EQ(found, right);
  EXPECT_EQ(periods[0].summary, "At 8");
  EXPECT_EQ(periods.back().summary, "") << "private";
  FreeBusyOptions without;
  without.except_uid = "busy";
  EXPECT_EQ(must(ask(as(ada), without)).size(), right.size() - 1);
}

TEST_F(FreeBusyTest, TellsEachWhatHeMayKnow) {
  put(event("a", hour(8)));
  put(event("b", hour(9, "CLASS:CONFIDENTIAL\r\n")));
  auto periods = must(ask(as(ben)));
  ASSERT_EQ(periods.size(), 2u) << "everyone in the tenant may ask";
  EXPECT_EQ(periods[0].summary, "");
  EXPECT_FALSE(account->read(as(ben))) << "and read nothing";
  share(ben, right::kFreeBusy | right::kFreeBusyDetails);
  periods = must(ask(as(ben)));
  EXPECT_EQ(periods[0].summary, "At 8");
  EXPECT_EQ(periods[1].summary, "") << "confidential";
  share(ada, right::kRead);
  EXPECT_EQ(ask(as(ben)).error().code, Errc::denied);
}

TEST_F(FreeBusyTest, AsksAllCalendarsThatCount) {
  FolderId second, third;
  change([&](Transaction& t) -> Result<void> {
    Transaction::NewFolder folder;
    folder.kind = Kind::calendar;
    folder.name = "Second";
    TRY(second, t.create_folder(folder));
    folder.name = "Third";
    TRY(third, t.create_folder(folder));
    Transaction::FolderChange settings;
    settings.properties[kTransparentCalendar] = "true";
    return t.change_folder(third, settings);
  });
  must(try_put(*account, second, make_item(Kind::calendar, event("a", hour(8)))));
  must(try_put(*account, third, make_item(Kind::calendar, event("b", hour(9)))));
  EXPECT_EQ(must(ask(as(ben))).size(), 1u);
}

TEST_F(FreeBusyTest, WorkIsBounded) {
  put(event("a", "DTSTART:20200101T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n"));
  EXPECT_EQ(ask(as(ada)).error().code, Errc::too_large);
}

TEST_F(FreeBusyTest, WhatIsDeclinedCostsNothing) {
  put(event("a",
            "DTSTART:20200101T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n"
            "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.org\r\n"));
  put(event("b", hour(8)));
  EXPECT_EQ(must(ask(as(ada))).size(), 1u);
}

TEST(FreeBusy, PeriodsAreMerged) {
  const auto at = [](int hour) { return utc(2023, 11, 20, hour); };
  const std::vector<BusyPeriod> all = {{at(8), at(10), BusyKindOf::busy, "x", {}, {}},
                                       {at(9), at(11), BusyKindOf::busy, "y", {}, {}},
                                       {at(10), at(13), BusyKindOf::tentative, {}, {}, {}},
                                       {at(12), at(14), BusyKindOf::out_of_office, {}, {}, {}},
                                       {at(14), at(15), BusyKindOf::busy, {}, {}, {}}};
  const std::vector<BusyPeriod> right = {{at(8), at(11), BusyKindOf::busy, {}, {}, {}},
                                         {at(11), at(12), BusyKindOf::tentative, {}, {}, {}},
                                         {at(12), at(14), BusyKindOf::out_of_office, {}, {}, {}},
                                         {at(14), at(15), BusyKindOf::busy, {}, {}, {}}};
  EXPECT_EQ(merged(all), right);
}

}  // namespace
}  // namespace kontor::groupware
