// SPDX-License-Identifier: AGPL-3.0-or-later
// Calendars that go with all that is in them.
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

#include "formats/icalendar/calendar.h"
#include "formats/itip/mail.h"
#include "formats/itip/testing.h"
#include "groupware/accounts_fixture.h"
#include "groupware/scheduling/post.h"
#include "groupware/scheduling/scheduler.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kMeetings = 130;  // two messages each: more than one commit

// UIDs of what was sent to the world; each name once.
struct LeavingMail final : Outbox {
  explicit LeavingMail(std::unique_ptr<Accounts>& a) : accounts(a) {}
  Result<void> send(const OutgoingMail& mail) override {
    if (!known.insert(mail.once).second) return {};
    const auto content = accounts->content(mail.content);
    const std::string text = *content->read(0, static_cast<std::size_t>(content->size()));
    const auto found = itip::find_in_mail(text);
    EXPECT_TRUE(found && itip::method_of(found->calendar) == itip::Method::cancel);
    sent.push_back(found ? icalendar::uid(*itip::part_of(found->calendar)) : "");
    if (crashes_after != 0 && sent.size() % crashes_after == 0) throw std::runtime_error("the process ends here");
    return {};
  }
  void forget(const std::string& once) override { known.erase(once); }
  std::unique_ptr<Accounts>& accounts;
  std::set<std::string> known;
  std::vector<std::string> sent;
  std::size_t crashes_after = 0;
};

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
    scheduler = std::make_unique<Scheduler>(Scheduler::Services{*accounts, *directory, clock, &outside});
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
  void remove(Caller caller, Transaction::Meetings meetings = Transaction::Meetings::told) {
    must(open(ada)->update(caller,
                           [&](Transaction& transaction) { return transaction.remove_folder(calendar, meetings); }));
  }
  void restart() {
    reopen();
    scheduler = std::make_unique<Scheduler>(Scheduler::Services{*accounts, *directory, clock, &outside});
  }
  // However long it takes: each turn does some seconds' work.
  void say_all() {
    scheduler->send_out_all();
    const auto is_done = [&] {
      return waiting().empty() && must(accounts->unsaid_folders(AccountId(ada.value))).empty();
    };
    for (int i = 0; i < 50 && !is_done(); ++i) scheduler->try_again();
  }
  std::size_t recoverable() {
    std::size_t out = 0;
    must(must(open(ada)->read(Caller::system()))->removed_items(Instant(), Instant::max(), [&](const RemovedItem& one) {
      out += one.item.kind == Kind::calendar ? 1U : 0U;
      return true;
    }));
    return out;
  }
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
  LeavingMail outside{accounts};
  std::unique_ptr<Scheduler> scheduler;
};

TEST_F(LeavingTest, TheCalendarIsGoneAtOnceAndTheRestIsSaidAfterAStart) {
  fill(kMeetings);
  add_event("alone", "");
  remove(as(ada));
  EXPECT_FALSE(open(ada)->folders()->find(calendar));
  EXPECT_TRUE(waiting().empty()) << "the process ends here";
  accounts->finish_removals();
  EXPECT_EQ(recoverable(), 0U) << "what is unsaid stays where it is";
  expect_sound();
  restart();
  say_all();
  EXPECT_EQ(outside.sent.size(), kMeetings);
  EXPECT_EQ(std::set<std::string>(outside.sent.begin(), outside.sent.end()).size(), kMeetings) << "each once";
  EXPECT_TRUE(waiting().empty());
  accounts->finish_removals();
  EXPECT_EQ(recoverable(), kMeetings + 1);
  EXPECT_TRUE(must(accounts->unsaid_folders(AccountId(ada.value))).empty());
  expect_sound();
}

TEST_F(LeavingTest, EachMeetingIsCancelledOnceWhereverItBreaksOff) {
  fill(kMeetings);
  remove(as(ada));
  outside.crashes_after = 7;
  // Whatever was said before is in the same commit as the note of how far it came.
  for (int i = 0; i < 30; ++i) {
    try {
      say_all();
      break;
    } catch (const std::runtime_error&) {
    }
    restart();
  }
  EXPECT_EQ(outside.sent.size(), kMeetings);
  EXPECT_EQ(std::set<std::string>(outside.sent.begin(), outside.sent.end()).size(), kMeetings);
  EXPECT_TRUE(waiting().empty());
  expect_sound();
}

TEST_F(LeavingTest, GoesOnWhereACommitEnded) {
  fill(kMeetings);
  remove(as(ada));
  const auto folders = must(accounts->unsaid_folders(AccountId(ada.value)));
  ASSERT_EQ(folders.size(), 1U);
  EXPECT_TRUE(folders[0].tells_replies);
  const auto items = must(accounts->unsaid_items(AccountId(ada.value), folders[0], 100));
  ASSERT_EQ(items.size(), 100U);
  must(open(ada)->update(
      Caller::system(), [&](Transaction& transaction) { return transaction.note_said(calendar, items.back().first); }));
  restart();
  say_all();
  EXPECT_EQ(outside.sent.size(), kMeetings - 100);
}

TEST_F(LeavingTest, WhatComesFromElsewhereIsNotCalledOff) {
  fill(2);
  remove(as(ada), Transaction::Meetings::silent);
  scheduler->send_out_all();
  EXPECT_TRUE(outside.sent.empty());
  accounts->finish_removals();
  EXPECT_EQ(recoverable(), 2U);
}

// Whoever may remove the calendar need not read what is private there, nor write where messages wait.
TEST_F(LeavingTest, OthersRemoveWhatTheyMayAndSee) {
  add_event("plain", "ATTENDEE:mailto:out@elsewhere.test\n");
  const auto share = [&](std::uint32_t rights) {
    must(open(ada)->update(Caller::system(), [&](Transaction& transaction) {
      Transaction::FolderChange change;
      change.grants = {{ben, rights}};
      return transaction.change_folder(calendar, change);
    }));
  };
  const auto try_remove = [&] {
    const auto done = open(ada)->update(as(ben), [&](Transaction& transaction) {
      return transaction.remove_folder(calendar, Transaction::Meetings::told);
    });
    return done ? Errc() : done.error().code;
  };
  share(right::kEditor);
  EXPECT_EQ(try_remove(), Errc::denied) << "who edits what is in it does not remove it";
  share(right::kEditor | right::kDeleteFolder);
  for (const char* hidden : {"CLASS:PRIVATE\n", "CLASS:CONFIDENTIAL\n"}) {
    add_event("hidden", hidden);
    EXPECT_EQ(try_remove(), Errc::denied) << "nobody removes what he cannot see";
    share(right::kEditor | right::kDeleteFolder | right::kReadPrivate);
    const auto reader = must(open(ada)->read(as(ben)));
    const auto there = must(reader->with_uid(Kind::calendar, "hidden"));
    ASSERT_EQ(there.size(), 1U);
    must(open(ada)->update(as(ben),
                           [&](Transaction& transaction) { return transaction.remove(calendar, there[0].uid); }));
    share(right::kEditor | right::kDeleteFolder);
  }
  remove(as(ben));
  scheduler->send_out(AccountId(ada.value));
  EXPECT_EQ(outside.sent.size(), 1U);
  EXPECT_EQ(open(ada)->rights(as(ben), outbox_of(*open(ada)->folders())->id), 0U) << "his rights are what they were";
}

}  // namespace
}  // namespace kontor::groupware
