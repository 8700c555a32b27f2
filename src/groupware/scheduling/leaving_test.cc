// SPDX-License-Identifier: AGPL-3.0-or-later
// Calendars that go with all that is in them.
#include <gtest/gtest.h>

#include <set>

#include "formats/icalendar/calendar.h"
#include "formats/itip/testing.h"
#include "groupware/accounts_fixture.h"
#include "groupware/scheduling/post.h"
#include "groupware/scheduling/scheduler.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kMeetings = 130;  // two messages each: more than one commit

class LeavingTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    must(open(ada)->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      Transaction::NewFolder wanted;
      wanted.name = "Plans";
      wanted.kind = Kind::calendar;
      TRY(calendar, transaction.create_folder(wanted));
      return {};
    }));
    scheduler = std::make_unique<Scheduler>(Scheduler::Services{*accounts, *directory, clock});
  }

  void fill(std::size_t meetings) {
    for (std::size_t i = 0; i < meetings; ++i)
      add_event(
          "u" + std::to_string(i),
          "ATTENDEE:mailto:ada@example.org\nATTENDEE:mailto:ben@example.org\nATTENDEE:mailto:out@elsewhere.test\n");
  }
  void add_event(const std::string& uid, const std::string& people) {
    const std::string text =
        "BEGIN:VEVENT\nUID:" + uid +
        "\nDTSTAMP:20231101T000000Z\nDTSTART:20231201T100000Z\nORGANIZER:mailto:ada@example.org\n" + people +
        "END:VEVENT";
    must(try_put(*open(ada), calendar, make_item(Kind::calendar, icalendar::write(itip::calendar_of(text)))));
  }
  Result<Scheduler::Leaving> leave(Caller caller, std::function<Result<void>(const Reader&)> allowed = nullptr) {
    const auto account = open(ada);
    if (!allowed) allowed = [](const Reader&) { return Result<void>(); };
    return scheduler->leave(must(directory->principal(ada)), *account,
                            {.caller = caller,
                             .folders = {{calendar, account->folders()->find(calendar)->highest}},
                             .replies = true,
                             .allowed = std::move(allowed)});
  }
  // As whoever removes the folder does it. False: something changed.
  bool remove(const Scheduler::Leaving& leaving, Caller caller) {
    return open(ada)
        ->update(caller,
                 [&](Transaction& transaction) -> Result<void> {
                   if (!Scheduler::is_as_left(transaction, leaving)) return fail(Errc::conflict, "changed");
                   TRY_VOID(transaction.remove_folder(calendar));
                   return scheduler->put(transaction, leaving.post);
                 })
        .has_value();
  }
  std::size_t left() { return open(ada)->folders()->find(calendar)->total; }
  // UID and recipient of each message that waits.
  std::multiset<std::string> waiting() {
    std::multiset<std::string> out;
    const auto account = open(ada);
    const auto folder = outbox_of(*account->folders());
    if (!folder) return out;
    const auto reader = must(account->read(Caller::system()));
    std::vector<Entry> entries;
    must(reader->entries(folder->id, [&](const Entry& entry) {
      entries.push_back(entry);
      return true;
    }));
    for (const Entry& entry : entries) {
      const auto message = must(read_post(must(reader->item(entry.item)), content(*account, entry.item)));
      EXPECT_EQ(message.method, itip::Method::cancel);
      out.insert(icalendar::uid(*itip::part_of(message.calendar)) + " " + message.to.front());
    }
    return out;
  }

  FolderId calendar;
  std::unique_ptr<Scheduler> scheduler;
};

TEST_F(LeavingTest, EachMeetingIsCancelledOnceWhereverItBreaksOff) {
  fill(kMeetings);
  add_event("alone", "");
  {
    const auto broken_off = must(leave(as(ada)));
    EXPECT_FALSE(broken_off.post.empty());
    EXPECT_EQ(waiting().size(), 200U) << "of the first commit";
    EXPECT_EQ(left(), kMeetings + 1 - 100);
  }
  reopen();
  scheduler = std::make_unique<Scheduler>(Scheduler::Services{*accounts, *directory, clock});
  const auto leaving = must(leave(as(ada)));
  EXPECT_EQ(leaving.post.size(), 60U);
  ASSERT_TRUE(remove(leaving, as(ada)));
  const auto said = waiting();
  EXPECT_EQ(said.size(), 2 * kMeetings);
  EXPECT_EQ(std::set<std::string>(said.begin(), said.end()).size(), said.size()) << "nothing twice";
  expect_sound();
}

TEST_F(LeavingTest, WhatComesMeanwhileIsNotOverlooked) {
  fill(2);
  const auto leaving = must(leave(as(ada)));
  fill(0);
  add_event("late", "ATTENDEE:mailto:ben@example.org\n");
  EXPECT_FALSE(remove(leaving, as(ada)));
  EXPECT_TRUE(remove(must(leave(as(ada))), as(ada)));
  EXPECT_TRUE(waiting().contains("late ben@example.org"));
}

TEST_F(LeavingTest, NothingGoesOfWhatMayNotGo) {
  fill(kMeetings);
  const auto refused = leave(as(ben), [&](const Reader& reader) -> Result<void> {
    if (reader.rights(calendar) & right::kDeleteFolder) return {};
    return fail(Errc::denied, "it is not yours");
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_EQ(left(), kMeetings);
  EXPECT_TRUE(waiting().empty());
}

TEST_F(LeavingTest, WhatComesFromElsewhereIsNotCalledOff) {
  must(open(ada)->update(Caller::system(), [&](Transaction& transaction) {
    return transaction.set_feed(calendar, FeedSettings{.source = "https://example.com/work.ics"});
  }));
  fill(2);
  const auto leaving = must(leave(as(ada)));
  EXPECT_TRUE(leaving.post.empty());
  EXPECT_TRUE(remove(leaving, as(ada)));
  EXPECT_TRUE(waiting().empty());
}

// Whoever may remove the calendar need not read what is private there, nor write where messages wait.
TEST_F(LeavingTest, OthersMayRemoveIt) {
  add_event("hidden", "ATTENDEE:mailto:ben@example.org\nCLASS:PRIVATE\n");
  must(open(ada)->update(Caller::system(), [&](Transaction& transaction) {
    Transaction::FolderChange change;
    change.grants = {{ben, right::kEditor}};
    return transaction.change_folder(calendar, change);
  }));
  EXPECT_TRUE(remove(must(leave(as(ben))), as(ben)));
  EXPECT_EQ(waiting(), std::multiset<std::string>{"hidden ben@example.org"});
  EXPECT_EQ(open(ada)->rights(as(ben), outbox_of(*open(ada)->folders())->id), 0U) << "his rights are what they were";
}

}  // namespace
}  // namespace kontor::groupware
