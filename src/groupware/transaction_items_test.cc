// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

class ItemsTest : public AccountsTest {};

TEST_F(ItemsTest, KeepsGivenUidsAndNeverGoesBack) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  auto add_with = [&](std::uint32_t uid) {
    Added added;
    NewItem item;
    item.content = stage(mail("uid"));
    must(account->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      TRY(added, transaction.add(in, item, {.uid = Uid(uid), .ignore_quota = false}));
      return {};
    }));
    return added.uid;
  };
  EXPECT_EQ(add_with(10), Uid(10));
  EXPECT_EQ(add_with(20), Uid(20));
  EXPECT_EQ(add_with(15), Uid(21)) << "a lower UID would appear in the middle of what clients know";
  must(account->update(Caller::system(), [&](Transaction& t) { return t.remove(in, Uid(21)); }));
  EXPECT_EQ(add(*account, in, mail("next")).uid, Uid(22));
  expect_sound();
}

TEST_F(ItemsTest, ChangesFlagsOnce) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  Added added = add(*account, in, mail("one"));
  auto change = [&](FlagChange::Mode mode, std::uint8_t flags, std::vector<std::string> keywords) {
    FlagSet after;
    must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
      TRY(after, t.change_flags(in, added.uid, {mode, {flags, keywords}}));
      return {};
    }));
    return account->folders()->find(in)->highest;
  };
  Modseq first = change(FlagChange::Mode::add, kSeen | kDeleted, {"$Forwarded", "work"});
  EXPECT_EQ(folder(*account, in)->unseen, 0U);
  EXPECT_EQ(folder(*account, in)->deleted, 1U);
  Modseq same = change(FlagChange::Mode::add, kSeen, {"WORK"});
  EXPECT_EQ(first, same) << "what changes nothing takes no modseq";
  auto reader = must(account->read(as(ada)));
  FlagNames names = reader->keywords()->spell(view(*account, in)->flags(0));
  EXPECT_EQ(names.flags, kSeen | kDeleted);
  EXPECT_EQ(names.keywords, (std::vector<std::string>{"$Forwarded", "work"}));
  change(FlagChange::Mode::replace, kFlagged, {});
  EXPECT_EQ(view(*account, in)->flags(0).bits, kFlagged);
  EXPECT_EQ(folder(*account, in)->deleted, 0U);
  expect_sound();
}

TEST_F(ItemsTest, HoldsHundredsOfKeywords) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  Added added = add(*account, in, mail("one"));
  std::vector<std::string> keywords;
  for (int i = 0; i < 300; ++i) keywords.push_back("k" + std::to_string(i));
  FlagChange change{FlagChange::Mode::add, {0, keywords}};
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.change_flags(in, added.uid, change));
    return {};
  }));
  auto names = must(account->read(as(ada)))->keywords()->spell(view(*account, in)->flags(0));
  EXPECT_EQ(names.keywords, keywords);
  for (const char* bad : {"", "two words", "(", "quo\"te", "\xc3\xa4"}) {
    FlagChange wrong{FlagChange::Mode::add, {0, {bad}}};
    auto refused = account->update(as(ada), [&](Transaction& t) -> Result<void> {
      TRY_VOID(t.change_flags(in, added.uid, wrong));
      return {};
    });
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, Errc::invalid);
  }
  expect_sound();
}

TEST_F(ItemsTest, CopiesShareContentUntilTheLastIsGone) {
  auto tenant_record = must(directory->tenant(tenant));
  tenant_record.recoverable_days = 0;
  must(directory->update_tenant(tenant_record));
  auto account = open(ada);
  FolderId in = inbox(*account);
  FolderId archive = account->folders()->by_role(FolderRole::archive)->id;
  Added original = add(*account, in, mail("one"), kFlagged);
  Added copy;
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY(copy, t.copy(in, original.uid, archive));
    return {};
  }));
  EXPECT_NE(copy.item, original.item);
  must(account->update(as(ada), [&](Transaction& t) { return t.remove(in, original.uid); }));
  EXPECT_EQ(content(*account, copy.item), mail("one"));
  EXPECT_TRUE(view(*account, archive)->flags(0).has(kFlagged));
  expect_sound();
  must(account->update(as(ada), [&](Transaction& t) { return t.remove(archive, copy.uid); }));
  expect_sound();
  auto snapshot = must(engine->snapshot(store::account_partition(account->id())));
  int left = 0;
  must(snapshot->scan(
      std::string(1, '\0'), {}, [&](store::Key, store::Value) { return ++left > 0; }, store::Space::content));
  EXPECT_EQ(left, 0) << "content without an item";
}

TEST_F(ItemsTest, MovesKeepTheItem) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  FolderId trash = account->folders()->by_role(FolderRole::trash)->id;
  Added original = add(*account, in, mail("one"));
  Modseq before = account->modseq();
  Added moved;
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY(moved, t.move(in, original.uid, trash));
    return {};
  }));
  EXPECT_EQ(moved.item, original.item);
  EXPECT_EQ(folder(*account, in)->total, 0U);
  EXPECT_EQ(view(*account, trash)->size(), 1U);
  Changes changes = must(must(account->read(as(ada)))->changes_since(before));
  ASSERT_EQ(changes.vanished.size(), 1U);
  EXPECT_EQ(changes.vanished[0].folder, in);
  EXPECT_EQ(changes.items_changed, std::vector<ItemId>{original.item});
  EXPECT_TRUE(changes.items_removed.empty());
  expect_sound();
}

TEST_F(ItemsTest, RefusesWhatExceedsTheQuota) {
  auto principal = must(directory->principal(ada));
  principal.quota = 1000;
  must(directory->update_principal(principal));
  auto account = open(ada);
  add(*account, inbox(*account), mail("fits"));
  NewItem item;
  item.content = stage(mail("big", "", std::string(2000, 'x')));
  auto refused = account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.add(inbox(*account), item));
    return {};
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::over_quota);
  EXPECT_EQ(folder(*account, inbox(*account))->total, 1U);
}

TEST_F(ItemsTest, UidsEndAndDoNotBeginAgain) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  FolderId archive = account->folders()->by_role(FolderRole::archive)->id;
  Added added = add(*account, in, mail("one"));
  auto raise = [&](std::uint32_t next) {
    return account->update(as(ada), [&](Transaction& t) {
      Transaction::FolderChange change;
      change.next_uid = Uid(next);
      return t.change_folder(archive, change);
    });
  };
  EXPECT_FALSE(raise(UINT32_MAX));
  EXPECT_TRUE(raise(UINT32_MAX - 1));
  auto copy = [&] {
    return account->update(as(ada), [&](Transaction& t) -> Result<void> {
      TRY_VOID(t.copy(in, added.uid, archive));
      return {};
    });
  };
  EXPECT_TRUE(copy());
  EXPECT_FALSE(copy());
  expect_sound();
}

TEST_F(ItemsTest, RemovingAKeywordNeverMakesOne) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  Added added = add(*account, in, mail("one"));
  FlagChange change{FlagChange::Mode::remove, {0, {"unknown"}}};
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.change_flags(in, added.uid, change));
    return {};
  }));
  EXPECT_TRUE(must(account->read(as(ada)))->keywords()->names().empty());
}

TEST_F(ItemsTest, ThreadsFollowReferencesAndSubject) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  auto thread_of = [&](const std::string& bytes) {
    Added added = add(*account, in, bytes);
    return must(must(account->read(Caller::system()))->item(added.item)).thread;
  };
  ThreadId first = thread_of(mail("Plan", "Message-ID: <1@x>\r\n"));
  EXPECT_EQ(thread_of(mail("Re: Plan", "Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\n")), first);
  EXPECT_EQ(thread_of(mail("AW: Re: Plan", "Message-ID: <3@x>\r\nReferences: <0@x> <2@x>\r\n")) == first, false)
      << "AW is no prefix of RFC 5256: another subject";
  EXPECT_NE(thread_of(mail("Something else", "Message-ID: <4@x>\r\nReferences: <1@x>\r\n")), first);
  EXPECT_NE(thread_of(mail("Plan", "Message-ID: <5@x>\r\n")), first) << "no reference in common";
  // The reply comes before what it answers.
  ThreadId reply = thread_of(mail("Re: Late", "Message-ID: <7@x>\r\nIn-Reply-To: <6@x>\r\n"));
  EXPECT_EQ(thread_of(mail("Late", "Message-ID: <6@x>\r\n")), reply);
}

TEST_F(ItemsTest, RecentIsTakenOnce) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  add(*account, in, mail("one"));
  add(*account, in, mail("two"));
  EXPECT_EQ(must(account->claim_recent(as(ada), in)), Uid(1));
  EXPECT_EQ(must(account->claim_recent(as(ada), in)), Uid(3));
  add(*account, in, mail("three"));
  EXPECT_EQ(must(account->claim_recent(as(ada), in)), Uid(3));
  expect_sound();
}

}  // namespace
}  // namespace kontor::groupware
