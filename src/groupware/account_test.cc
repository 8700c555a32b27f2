// SPDX-License-Identifier: AGPL-3.0-or-later
#include <atomic>
#include <thread>

#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

class AccountTest : public AccountsTest {};

TEST_F(AccountTest, KeepsEveryByteAndCounts) {
  auto account = open(ada);
  std::string odd = mail("odd") + std::string("NUL \0 lone \r and \x80\xff", 20);
  Added added = add(*account, inbox(*account), odd, kSeen);
  EXPECT_EQ(added.uid, Uid(1));
  EXPECT_EQ(content(*account, added.item), odd);
  std::string large = mail("large", "", std::string(300'000, 'x'));
  Added blob = add(*account, inbox(*account), large);
  EXPECT_EQ(content(*account, blob.item), large);
  auto found = folder(*account, inbox(*account));
  EXPECT_EQ(found->total, 2U);
  EXPECT_EQ(found->unseen, 1U);
  EXPECT_EQ(found->bytes, odd.size() + large.size());
  EXPECT_EQ(must(account->read(Caller::system()))->usage().bytes, odd.size() + large.size());
  expect_sound();
}

TEST_F(AccountTest, SurvivesReopening) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  add(*account, in, mail("one"), kFlagged);
  Modseq before = account->modseq();
  account.reset();
  reopen();
  account = open(ada);
  EXPECT_EQ(account->modseq(), before);
  auto rows = view(*account, in);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_TRUE(rows->flags(0).has(kFlagged));
  EXPECT_EQ(rows->modseq(), folder(*account, in)->highest);
}

TEST_F(AccountTest, AFailedUpdateLeavesNothing) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  Modseq before = account->modseq();
  NewItem item;
  item.content = stage(mail("one"));
  auto result = account->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    TRY_VOID(transaction.add(in, item));
    TRY_VOID(transaction.create_folder({.parent = {}, .name = "New"}));
    return fail(Errc::invalid, "changed my mind");
  });
  EXPECT_FALSE(result);
  EXPECT_EQ(account->modseq(), before);
  EXPECT_EQ(folder(*account, in)->total, 0U);
  EXPECT_FALSE(account->folders()->at_path("New"));
  EXPECT_EQ(add(*account, in, mail("two")).uid, Uid(1));
  expect_sound();
}

TEST_F(AccountTest, AnAttemptInsideAnUpdateLeavesAllOrNothing) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  Added old = add(*account, in, mail("old"));
  NewItem one, two, three;
  one.content = stage(mail("one"));
  two.content = stage(mail("two"));
  three.content = stage(mail("three"));
  one.flags.keywords = {"kept"};
  two.flags.keywords = {"dropped"};
  Modseq before = account->modseq();
  FolderId kept, gone;
  auto result = account->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    TRY_VOID(transaction.add(in, one));
    auto failed = transaction.attempt([&](Transaction& part) -> Result<void> {
      TRY_VOID(part.add(in, two));
      TRY(gone, part.create_folder({.parent = {}, .name = "Gone"}));
      TRY_VOID(part.move(in, old.uid, gone));
      EXPECT_EQ((*part.folder(in))->total, 2U);
      return fail(Errc::invalid, "no");
    });
    EXPECT_FALSE(failed);
    EXPECT_EQ((*transaction.folder(in))->total, 2U) << "what was before the attempt stays";
    EXPECT_FALSE(transaction.folder(gone));
    return transaction.attempt([&](Transaction& part) -> Result<void> {
      TRY(kept, part.create_folder({.parent = {}, .name = "Kept"}));
      TRY_VOID(part.add(kept, three));
      // What the attempts around it made, too.
      return part.attempt([&](Transaction& inner) { return inner.remove(in, old.uid); });
    });
  });
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(account->modseq(), Modseq(before.value + 1));
  EXPECT_EQ(view(*account, in)->size(), 1U);
  EXPECT_EQ(view(*account, in)->at(0).uid, Uid(2)) << "a UID that nobody saw is given again";
  EXPECT_EQ(view(*account, kept)->size(), 1U);
  EXPECT_FALSE(account->folders()->at_path("Gone"));
  auto reader = must(account->read(Caller::system()));
  EXPECT_EQ(reader->keywords()->names(), std::vector<std::string>{"kept"});
  auto changes = must(reader->changes_since(before));
  EXPECT_EQ(changes.items_changed.size(), 2U);
  ASSERT_EQ(changes.vanished.size(), 1U);
  EXPECT_EQ(changes.vanished[0].uid, old.uid);
  expect_sound();
}

TEST_F(AccountTest, AnUpdateThatThrowsFailsAlone) {
  auto account = open(ada);
  EXPECT_THROW(
      (void)account->update(Caller::system(), [](Transaction&) -> Result<void> { throw std::runtime_error("bug"); }),
      std::runtime_error);
  EXPECT_EQ(add(*account, inbox(*account), mail("after")).uid, Uid(1));
}

TEST_F(AccountTest, AMissingAccountRecordIsNotTakenForANewAccount) {
  add(*open(ada), inbox(*open(ada)), mail("one"));
  store::Batch batch;
  batch.erase("A");
  must(engine->commit(store::account_partition(AccountId(ada.value)), batch));
  reopen();
  auto opened = accounts->open(AccountId(ada.value));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::corrupt);
  CheckReport report = must(accounts->check({.repair = true}));
  EXPECT_FALSE(report.faults.empty());
  EXPECT_FALSE(accounts->open(AccountId(ada.value))) << "a repair does not begin anew over old data";
}

TEST_F(AccountTest, RemainsOfARemovedAccountAreFoundAndDropped) {
  add(*open(ben), inbox(*open(ben)), mail("one"));
  must(directory->remove_principal(ben));
  reopen();
  EXPECT_EQ(must(accounts->check({})).faults.size(), 1U);
  must(accounts->check({.repair = true}));
  EXPECT_TRUE(must(accounts->check({})).faults.empty());
}

TEST_F(AccountTest, LogsWhatChanged) {
  options.log_commits = 20;
  reopen();
  auto account = open(ada);
  FolderId in = inbox(*account);
  Modseq start = account->modseq();
  Added one = add(*account, in, mail("one"));
  Added two = add(*account, in, mail("two"));
  must(account->update(as(ada), [&](Transaction& t) { return t.remove(in, one.uid); }));
  Changes changes = must(must(account->read(as(ada)))->changes_since(start));
  EXPECT_EQ(changes.items_changed, std::vector<ItemId>{two.item});
  EXPECT_EQ(changes.items_removed, std::vector<ItemId>{one.item});
  for (int i = 0; i < 30; ++i) add(*account, in, mail("more"));
  auto too_old = must(account->read(as(ada)))->changes_since(start);
  ASSERT_FALSE(too_old);
  EXPECT_EQ(too_old.error().code, Errc::conflict);
  EXPECT_TRUE(must(account->read(as(ada)))->changes_since(Modseq(account->modseq().value - 10)));
  expect_sound();
}

TEST_F(AccountTest, TellsWatchersAfterTheCommit) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  std::vector<Notice> notices;
  auto watch = account->watch([&](const Notice& notice) { notices.push_back(notice); });
  add(*account, in, mail("one"));
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].folders, std::vector<FolderId>{in});
  EXPECT_EQ(notices[0].modseq, account->modseq());
  EXPECT_FALSE(notices[0].folder_list_changed);
  EXPECT_EQ(notices[0].session, 0U);
  Caller session = as(ada);
  session.session = 17;
  must(account->update(session, [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.change_flags(in, Uid(1), {FlagChange::Mode::add, {kFlagged, {}}}));
    return {};
  }));
  ASSERT_EQ(notices.size(), 2U);
  EXPECT_EQ(notices[1].session, 17U) << "whose change it was";
  notices.pop_back();
  watch.reset();
  add(*account, in, mail("two"));
  EXPECT_EQ(notices.size(), 1U);
}

TEST_F(AccountTest, ManyThreadsUpdateOneAccount) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        NewItem item;
        item.content = stage(mail("thread " + std::to_string(t)));
        Added added;
        auto done = account->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
          if (i % 10 == 9) return fail(Errc::invalid, "this one fails alone");
          TRY(added, transaction.add(in, item));
          return {};
        });
        if (done.has_value() == (i % 10 == 9)) ++failed;
        if (view(*account, in)->size() > folder(*account, in)->next_uid.value) ++failed;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(folder(*account, in)->total, 8U * 45U);
  auto rows = view(*account, in);
  ASSERT_EQ(rows->size(), 360U);
  for (std::uint32_t i = 0; i < 360; ++i) EXPECT_EQ(rows->at(i).uid, Uid(i + 1)) << "no UID twice, none left out";
  expect_sound();
}

// Two processes on one store: each sees the other's commits as conflicts and takes them in.
TEST_F(AccountTest, TwoNodesUpdateOneAccount) {
  auto other_accounts = Accounts::make(*engine, *directory, clock, options);
  auto here = open(ada);
  auto there = must(other_accounts->open(AccountId(ada.value)));
  FolderId in = inbox(*here);
  NewItem item;
  item.content = stage(mail("x"));
  std::vector<std::thread> threads;
  for (Account* account : {here.get(), there.get()})
    threads.emplace_back([&, account] {
      for (int i = 0; i < 40; ++i)
        must(account->update(Caller::system(), [&](Transaction& t) -> Result<void> {
          TRY_VOID(t.add(in, item));
          return {};
        }));
    });
  for (std::thread& thread : threads) thread.join();
  must(here->update(Caller::system(), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.add(in, item));
    return {};
  }));
  EXPECT_EQ(folder(*here, in)->total, 81U);
  expect_sound();
}

TEST_F(AccountTest, LedgerRidesWithTheItem) {
  auto account = open(ada);
  Added added = add(*account, inbox(*account), mail("one"));
  must(account->update(Caller::system(), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.note_imported("imap:old", "INBOX/1:7", {added.item, "print"}));
    TRY(auto entry, t.ledger("imap:old", "INBOX/1:7"));
    EXPECT_EQ(entry->fingerprint, "print") << "a change sees its own writes";
    TRY_VOID(t.note_imported("imap:old", "INBOX/1:8", {added.item, "p2"}));
    return t.note_imported("imap:older", "INBOX/1:7", {added.item, "p3"});
  }));
  auto reader = must(account->read(Caller::system()));
  std::vector<std::string> keys;
  must(reader->ledger_scan("imap:old", "", [&](std::string_view key, const LedgerEntry&) {
    keys.emplace_back(key);
    return true;
  }));
  EXPECT_EQ(keys, (std::vector<std::string>{"INBOX/1:7", "INBOX/1:8"})) << "another source is not seen";
}

}  // namespace
}  // namespace kontor::groupware
