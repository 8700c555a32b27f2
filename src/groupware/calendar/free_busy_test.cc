// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/free_busy.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <tuple>

#include "groupware/calendar/calendar_fixture.h"
#include "groupware/calendar/calendar_zone.h"

namespace kontor::groupware {
namespace {

using BusyKindOf = BusyPeriod::Kind;

std::string hour(int begin, const std::string& lines = "") {
  return fmt::format(
      "DTSTART:20231120T{:02}0000Z\r\nDTEND:20231120T{:02}"
      "0000Z\r\nSUMMARY:At {}\r\n{}",
      begin, begin + 1, begin, lines);
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
  put(event("daily",
            "DTSTART:20230101T200000Z\r\nDTEND:20230101T203000Z\r\nRRULE:FREQ="
            "DAILY\r\nCLASS:PRIVATE\r\n"));
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

TEST_F(FreeBusyTest, CountsWhatOthersShareWhereTheOwnerSaysSo) {
  const auto bens = open(ben);
  const FolderId shared = by_role(*bens, FolderRole::calendar);
  const auto let_read = [&](std::uint32_t rights) {
    must(bens->update(Caller::system(), [&](Transaction& t) {
      Transaction::FolderChange grants;
      grants.grants = {{ada, rights}};
      return t.change_folder(shared, grants);
    }));
  };
  must(try_put(*bens, shared, make_item(Kind::calendar, event("theirs", hour(9)))));
  must(try_put(*bens, shared, make_item(Kind::calendar, event("hidden", hour(11, "CLASS:PRIVATE\r\n")))));
  let_read(right::kReader);
  FreeBusyOptions with_others;
  with_others.others = accounts.get();
  EXPECT_TRUE(must(ask(as(ada), with_others)).empty());
  const auto count = [&](const std::string& text) {
    change([&](Transaction& t) {
      Transaction::FolderChange change;
      change.properties[kCountedShares] = text;
      return t.change_folder(calendar, change);
    });
  };
  const std::vector<CountedShare> counted = {{AccountId(999), FolderId(1)}, {bens->id(), shared}};
  count(print_counted_shares(counted));
  EXPECT_EQ(counted_shares(*account->folders()), counted);
  const auto busy = must(ask(as(ada), with_others));
  ASSERT_EQ(busy.size(), 1u);
  EXPECT_EQ(busy[0].from, utc(2023, 11, 20, 9));
  EXPECT_EQ(busy[0].summary, "") << "what is in it is its owner's to tell";
  EXPECT_TRUE(must(ask(as(ada))).empty());
  let_read(right::kFreeBusy);
  EXPECT_TRUE(must(ask(as(ada), with_others)).empty()) << "she may not read it any more";
  for (const char* text : {"x", "3", "3-", "3-0", "3-4;", "-4", "3-4 5", "99999999999999999999-1"}) {
    count(text);
    EXPECT_TRUE(counted_shares(*account->folders()).empty()) << text;
  }
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

TEST_F(FreeBusyTest, WhatComesAllTheTimeIsOneTime) {
  struct Case {
    std::string lines;
    int busy_until;  // hours of the day without a gap; 0: never busy
    const char* why;
  };
  const std::vector<Case> cases = {
      {"DTSTART:20200101T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n", 24, "every second, for ever"},
      {"DTSTART:20231120T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY;UNTIL=20231120T005959Z\r\n", 1,
       "every second, for an hour"},
      {"DTSTART:20200101T000000Z\r\nDURATION:PT1M\r\nRRULE:FREQ=MINUTELY\r\n", 24, "every minute"},
      {"DTSTART:20200101T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n", 0,
       "a rule that never hits after its first day"},
  };
  for (const Case& one : cases) {
    const Added added = put(event("dense", one.lines));
    const auto periods = merged(must(ask(as(ada))));
    ASSERT_EQ(periods.size(), one.busy_until ? 1u : 0u) << one.why;
    if (one.busy_until) {
      EXPECT_EQ(periods[0].from, utc(2023, 11, 20)) << one.why;
      EXPECT_EQ(periods[0].to, utc(2023, 11, 20, one.busy_until)) << one.why;
    }
    change([&](Transaction& t) { return t.remove(calendar, added.uid); });
  }
}

TEST_F(FreeBusyTest, WhatComesDailyIsToldForYears) {
  put(event("daily", "DTSTART:20200101T080000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"));
  const auto periods = must(free_busy(*account, *directory, accounts->zones(), icalendar::utc_zone(), as(ada),
                                      utc(2020, 1, 1), utc(2020, 1, 1) + std::chrono::days(2'000)));
  ASSERT_EQ(periods.size(), 2'000u);
  EXPECT_EQ(periods.back().to - periods.back().from, std::chrono::hours(1));
}

TEST_F(FreeBusyTest, WorkIsBounded) {
  for (int i = 0; i < 10; ++i)
    put(event("e" + std::to_string(i), "DTSTART:20200101T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n"));
  EXPECT_EQ(merged(must(ask(as(ada)))).size(), 1u);
  FreeBusyOptions little;
  little.steps = 5'000;
  EXPECT_EQ(ask(as(ada), little).error().code, Errc::too_large);
  FreeBusyOptions few;
  few.most = 10;
  EXPECT_EQ(merged(must(ask(as(ada), few))).size(), 1u) << "what touches is together";
}

TEST_F(FreeBusyTest, CountsOneCalendarAlone) {
  FolderId other;
  change([&](Transaction& t) -> Result<void> {
    Transaction::NewFolder folder;
    folder.kind = Kind::calendar;
    folder.name = "Other";
    TRY(other, t.create_folder(folder));
    Transaction::FolderChange settings;
    settings.properties = {{kTransparentCalendar, "true"}, {kCalendarZoneId, "Asia/Tokyo"}};
    return t.change_folder(other, settings);
  });
  put(event("here", hour(8)));
  must(try_put(*account, other, make_item(Kind::calendar, event("a", "DTSTART:20231120T100000\r\nDURATION:PT1H\r\n"))));
  must(try_put(
      *account, other,
      make_item(Kind::calendar, event("b", hour(12, "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.org\r\n")))));
  FreeBusyOptions one;
  one.only = other;
  const auto periods = must(ask(as(ada), one));
  ASSERT_EQ(periods.size(), 1u) << "what is declined takes no time, wherever it is asked";
  EXPECT_EQ(periods[0].from, utc(2023, 11, 20, 1)) << "ten o'clock in its own zone";
  EXPECT_EQ(ask(as(ben), one).error().code, Errc::denied);
  EXPECT_EQ(must(ask(as(ada))).size(), 1u) << "which takes no time otherwise";
}

TEST_F(FreeBusyTest, HoursInCalendarsCount) {
  const auto hours = [](const std::string& uid, const std::string& lines) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VAVAILABILITY\r\nUID:" + uid +
           "\r\nDTSTAMP:20231101T000000Z\r\n" + lines + "END:VAVAILABILITY\r\nEND:VCALENDAR\r\n";
  };
  const std::string office =
      "BEGIN:AVAILABLE\r\nUID:a\r\nDTSTAMP:20231101T000000Z\r\nDTSTART:20231101T080000Z\r\nDTEND:20231101T160000Z\r\n"
      "RRULE:FREQ=DAILY\r\nEND:AVAILABLE\r\n";
  using Kinds = std::vector<std::tuple<int, int, BusyKindOf>>;
  const auto found = [&] {
    Kinds out;
    for (const BusyPeriod& one : merged(must(ask(as(ben)))))
      out.emplace_back((one.from - utc(2023, 11, 20)).count() / 3600, (one.to - utc(2023, 11, 20)).count() / 3600,
                       one.kind);
    return out;
  };
  put(hours("usual", office), "usual.ics");
  put(event("meeting", hour(9)));
  EXPECT_EQ(found(),
            (Kinds{{0, 8, BusyKindOf::unavailable}, {9, 10, BusyKindOf::busy}, {16, 24, BusyKindOf::unavailable}}));
  put(hours("away", "PRIORITY:1\r\nBUSYTYPE:BUSY-TENTATIVE\r\nDTSTART:20231120T120000Z\r\nDURATION:PT6H\r\n"),
      "away.ics");
  EXPECT_EQ(found(), (Kinds{{0, 8, BusyKindOf::unavailable},
                            {9, 10, BusyKindOf::busy},
                            {12, 18, BusyKindOf::tentative},
                            {18, 24, BusyKindOf::unavailable}}));
  change([&](Transaction& t) {
    Transaction::FolderChange settings;
    settings.properties[kAvailability] = hours("most",
                                               "PRIORITY:1\r\nDTSTART:20231120T200000Z\r\nDTEND:20231121T000000Z\r\n"
                                               "BEGIN:AVAILABLE\r\nUID:b\r\nDTSTART:20231120T220000Z\r\n"
                                               "DTEND:20231121T000000Z\r\nEND:AVAILABLE\r\n");
    return t.change_folder(calendar, settings);
  });
  EXPECT_EQ(found().back(), (std::tuple(18, 22, BusyKindOf::unavailable))) << "with what the inbox says";
  put(hours("broken", "BEGIN:AVAILABLE\r\nUID:c\r\nDTSTART:20231120T220000Z\r\nRRULE:FREQ=OFTEN\r\nEND:AVAILABLE\r\n"),
      "broken.ics");
  EXPECT_EQ(found().size(), 4u) << "what cannot be read takes no time";
}

TEST_F(FreeBusyTest, WhatIsToldCounts) {
  put("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VFREEBUSY\r\nUID:told\r\nDTSTAMP:20231101T000000Z\r\n"
      "DTSTART:20231120T000000Z\r\nDTEND:20231121T000000Z\r\nFREEBUSY;FBTYPE=BUSY-TENTATIVE:20231120T080000Z/PT2H\r\n"
      "END:VFREEBUSY\r\nEND:VCALENDAR\r\n",
      "told.ics");
  const auto periods = must(ask(as(ben)));
  ASSERT_EQ(periods.size(), 1u);
  EXPECT_EQ(periods[0].kind, BusyKindOf::tentative);
  EXPECT_EQ(
      told(periods),
      (std::vector<icalendar::Busy>{{utc(2023, 11, 20, 8), utc(2023, 11, 20, 10), icalendar::BusyType::tentative}}));
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
