// SPDX-License-Identifier: AGPL-3.0-or-later
#include <atomic>
#include <thread>

#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

class AccountTest : public AccountsTest {};

TEST_F(AccountTest, BeginsWithStandardFolders) {
  auto account = open(ada);
  auto table = account->folders();
  EXPECT_EQ(table->all().size(), 6U);
  EXPECT_EQ(table->by_role(FolderRole::sent)->name, "Sent");
  EXPECT_EQ(table->at_path("inbox")->role, FolderRole::inbox);
  EXPECT_TRUE(table->by_role(FolderRole::junk)->uid_validity);
  expect_sound();
}

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

TEST_F(AccountTest, KeepsGivenUidsAndNeverGoesBack) {
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

TEST_F(AccountTest, ChangesFlagsOnce) {
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

TEST_F(AccountTest, HoldsHundredsOfKeywords) {
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

TEST_F(AccountTest, CopiesShareContentUntilTheLastIsGone) {
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

TEST_F(AccountTest, MovesKeepTheItem) {
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

TEST_F(AccountTest, RemovedItemsCanBeRecoveredForTheTenantsPeriod) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  Added small = add(*account, in, mail("one"));
  Added large = add(*account, in, mail("large", "", std::string(200'000, 'y')));
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.remove(in, small.uid));
    return t.remove(in, large.uid);
  }));
  EXPECT_EQ(must(account->read(Caller::system()))->usage().bytes, 0U);
  expect_sound();
  must(accounts->sweep());
  EXPECT_EQ(content(*account, large.item).size(), mail("large", "", std::string(200'000, 'y')).size());
  clock.advance(std::chrono::days(15));
  must(accounts->sweep());
  clock.advance(std::chrono::days(2));
  must(accounts->sweep());
  EXPECT_FALSE(must(account->read(Caller::system()))->item(small.item));
  CheckReport report = must(accounts->check({}));
  EXPECT_TRUE(report.faults.empty());
  EXPECT_EQ(report.blobs, 0U) << "the blob of the purged item is swept";
}

TEST_F(AccountTest, RefusesWhatExceedsTheQuota) {
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

struct FolderNameCase {
  std::string name;
  bool is_fine;
  const char* why;
};

TEST_F(AccountTest, ChecksFolderNames) {
  auto account = open(ada);
  const FolderNameCase cases[] = {
      {"Projects", true, "plain"},
      {"Entw\xc3\xbcrfe", true, "UTF-8"},
      {"", false, "empty"},
      {"a/b", false, "the delimiter"},
      {" x", false, "leading blank"},
      {"x\n", false, "control character"},
      {"\xff", false, "not UTF-8"},
      {std::string(300, 'x'), false, "too long"},
      {"inbox", false, "the inbox is there"},
      {"sent", true, "other names do compare by case"},
  };
  for (const FolderNameCase& c : cases) {
    auto made = account->update(as(ada), [&](Transaction& t) -> Result<void> {
      TRY_VOID(t.create_folder({.parent = {}, .name = c.name}));
      return {};
    });
    EXPECT_EQ(made.has_value(), c.is_fine) << c.why;
  }
  auto decomposed = account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.create_folder({.parent = {}, .name = "Entwu\xcc\x88rfe"}));
    return {};
  });
  ASSERT_FALSE(decomposed) << "the same name in NFC";
  EXPECT_EQ(decomposed.error().code, Errc::exists);
  expect_sound();
}

TEST_F(AccountTest, RenamesAndRemovesFolders) {
  auto account = open(ada);
  FolderId a, b, c;
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY(a, t.create_folder({.parent = {}, .name = "A"}));
    TRY(b, t.create_folder({.parent = a, .name = "B"}));
    TRY(c, t.create_folder({.parent = b, .name = "C"}));
    return {};
  }));
  auto into_itself = account->update(as(ada), [&](Transaction& t) { return t.rename_folder(a, c, "A"); });
  ASSERT_FALSE(into_itself);
  EXPECT_EQ(into_itself.error().code, Errc::invalid);
  must(account->update(as(ada), [&](Transaction& t) { return t.rename_folder(b, {}, "Other"); }));
  EXPECT_EQ(account->folders()->path(c), "Other/C");
  add(*account, b, mail("in b"));
  must(account->update(as(ada), [&](Transaction& t) { return t.remove_folder(b); }));
  EXPECT_TRUE(folder(*account, b)->is_container) << "it has a child";
  EXPECT_EQ(folder(*account, b)->total, 0U);
  UidValidity old = folder(*account, b)->uid_validity;
  FolderId again;
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY(again, t.create_folder({.parent = {}, .name = "Other"}));
    return {};
  }));
  EXPECT_EQ(again, b);
  EXPECT_NE(folder(*account, b)->uid_validity, old);
  must(account->update(as(ada), [&](Transaction& t) { return t.remove_folder(c); }));
  EXPECT_FALSE(folder(*account, c));
  EXPECT_FALSE(account->update(as(ada), [&](Transaction& t) { return t.remove_folder(inbox(*account)); }));
  expect_sound();
}

TEST_F(AccountTest, OthersNeedRights) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  Added added = add(*account, in, mail("private"));
  EXPECT_FALSE(account->read(as(ben))) << "nothing is shared with Ben";
  auto share = [&](std::uint32_t rights) {
    must(account->update(as(ada), [&](Transaction& t) {
      Transaction::FolderChange change;
      change.grants = std::vector<Grant>{{ben, rights}};
      return t.change_folder(in, change);
    }));
  };
  share(right::kSee | right::kRead);
  auto reader = must(account->read(as(ben)));
  EXPECT_EQ(must(reader->view(in))->size(), 1U);
  EXPECT_FALSE(reader->folder(account->folders()->by_role(FolderRole::sent)->id));
  FlagChange seen{FlagChange::Mode::add, {kSeen, {}}};
  auto denied = account->update(as(ben), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.change_flags(in, added.uid, seen));
    return {};
  });
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, Errc::denied);
  share(right::kSee | right::kRead | right::kKeepSeen);
  FlagChange both{FlagChange::Mode::add, {kSeen | kFlagged, {}}};
  FlagSet after;
  must(account->update(as(ben), [&](Transaction& t) -> Result<void> {
    TRY(after, t.change_flags(in, added.uid, both));
    return {};
  }));
  EXPECT_TRUE(after.has(kSeen));
  EXPECT_FALSE(after.has(kFlagged)) << "only what the right allows";
  for (const auto& attempt : std::vector<std::function<Result<void>(Transaction&)>>{
           [&](Transaction& t) { return t.remove(in, added.uid); }, [&](Transaction& t) { return t.remove_folder(in); },
           [&](Transaction& t) -> Result<void> {
             TRY_VOID(t.create_folder({.parent = in, .name = "x"}));
             return {};
           },
           [&](Transaction& t) -> Result<void> {
             TRY_VOID(t.copy(in, added.uid, in));
             return {};
           },
           [&](Transaction& t) { return t.note_imported("s", "k", {added.item, "f"}); }})
    EXPECT_FALSE(account->update(as(ben), attempt));
  expect_sound();
}

TEST_F(AccountTest, AGrantToEveryoneEndsAtTheTenant) {
  TenantId other = must(directory->add_tenant("other")).id;
  must(directory->add_domain(other, "example.net"));
  PrincipalId stranger = add_user("eve@example.net");
  auto account = open(ada);
  must(account->update(as(ada), [&](Transaction& t) {
    Transaction::FolderChange change;
    change.grants = std::vector<Grant>{{PrincipalId(), right::kSee | right::kRead}};
    return t.change_folder(inbox(*account), change);
  }));
  EXPECT_TRUE(account->read(as(ben)));
  EXPECT_FALSE(account->read(as(stranger)));
}

// What waits for its commit is seen by later updates of the same commit, and by nobody else.
TEST_F(AccountTest, UncommittedRowsStayOutOfTheSharedViews) {
  auto account = open(ada);
  FolderId in = inbox(*account);
  add(*account, in, mail("there"));
  auto before = view(*account, in);
  NewItem item;
  item.content = stage(mail("new"));
  auto failed = account->update(Caller::system(), [&](Transaction& t) -> Result<void> {
    TRY(Added added, t.add(in, item));
    TRY(auto rows, t.view(in));
    EXPECT_EQ(rows->size(), 2U);
    EXPECT_EQ(rows->last_uid(), added.uid);
    EXPECT_EQ(view(*account, in), before) << "others still have the moment before";
    return fail(Errc::invalid, "never mind");
  });
  EXPECT_FALSE(failed);
  EXPECT_EQ(view(*account, in)->size(), 1U);
  add(*account, in, mail("second"));
  EXPECT_EQ(view(*account, in)->size(), 2U);
  expect_sound();
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

TEST_F(AccountTest, UidsEndAndDoNotBeginAgain) {
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

TEST_F(AccountTest, RemovingAKeywordNeverMakesOne) {
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

TEST_F(AccountTest, ThreadsFollowReferencesAndSubject) {
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

TEST_F(AccountTest, RecentIsTakenOnce) {
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
