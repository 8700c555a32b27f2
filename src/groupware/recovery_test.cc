// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/recovery.h"

#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

class RecoveryTest : public AccountsTest {};

TEST_F(RecoveryTest, RemovedItemsCanBeRecoveredForTheTenantsPeriod) {
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

class RemovedTest : public RecoveryTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    account = open(ada);
    in = inbox(*account);
    must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
      TRY(projects, t.create_folder({.parent = {}, .name = "Projects"}));
      return {};
    }));
    NewItem item;
    item.content = stage(mail("Invoice 7", "", "x\r\n"));
    item.flags = {kSeen | kFlagged, {"$Work"}};
    item.internal_date = InternalDate(Instant(std::chrono::seconds(1'000'000)), 60);
    must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
      TRY(invoice, t.add(projects, item));
      return {};
    }));
    other = add(*account, in, mail("=?utf-8?q?Gr=C3=BC=C3=9Fe?="));
    remove(projects, invoice.uid);
    clock.advance(std::chrono::hours(1));
    remove(in, other.uid);
  }
  void remove(FolderId from, Uid uid) {
    must(account->update(as(ada), [&](Transaction& t) { return t.remove(from, uid); }));
  }
  std::vector<ItemId> found(const RecoveryFilter& filter) {
    std::vector<ItemId> out;
    must(find_recoverable(*must(account->read(Caller::system())), filter, [&](const Recoverable& one) {
      out.push_back(one.removed.item.id);
      return true;
    }));
    return out;
  }
  std::shared_ptr<Account> account;
  FolderId in, projects;
  Added invoice, other;
};

TEST_F(RemovedTest, AreFoundByWhatTheyWere) {
  const std::vector<ItemId> both{invoice.item, other.item}, first{invoice.item}, second{other.item};
  EXPECT_EQ(found({}), both);
  EXPECT_EQ(found({.folder = projects}), first);
  EXPECT_EQ(found({.subject = "INVOICE"}), first);
  EXPECT_EQ(found({.subject = "gr\u00fcsse"}), std::vector<ItemId>());
  EXPECT_EQ(found({.subject = "GR\u00dc"}), second) << "decoded, whatever the case";
  EXPECT_EQ(found({.sender = "ada@"}), both);
  EXPECT_EQ(found({.sender = "nobody"}), std::vector<ItemId>());
  EXPECT_EQ(found({.since = clock.now()}), second);
  EXPECT_EQ(found({.until = clock.now()}), first);
  EXPECT_EQ(found({.items = std::set<ItemId>{other.item}}), second);
  must(account->update(as(ada), [&](Transaction& t) { return t.remove_folder(projects); }));
  EXPECT_EQ(found({.folder = FolderId()}), first) << "its folder is gone";
}

TEST_F(RemovedTest, ComeBackAsTheyWere) {
  const Modseq before = account->modseq();
  const auto done = must(restore_items(*account, Caller::system(), found({}), std::nullopt));
  EXPECT_EQ(done.items, 2U);
  EXPECT_EQ(done.elsewhere, 0U);
  const auto reader = must(account->read(Caller::system()));
  const Item item = must(reader->item(invoice.item));
  ASSERT_EQ(item.filings.size(), 1U);
  EXPECT_EQ(item.filings[0].folder, projects);
  EXPECT_GT(item.filings[0].uid, invoice.uid) << "a UID is never given twice";
  const FlagNames flags = reader->keywords()->spell(item.flags);
  EXPECT_EQ(flags.flags, kSeen | kFlagged);
  EXPECT_EQ(flags.keywords, std::vector<std::string>{"$Work"});
  EXPECT_EQ(item.internal_date, InternalDate(Instant(std::chrono::seconds(1'000'000)), 60));
  EXPECT_EQ(content(*account, invoice.item), mail("Invoice 7", "", "x\r\n"));
  EXPECT_EQ(reader->usage().items, 2U);
  const Changes changes = must(reader->changes_since(Modseq(before.value - 2)));
  EXPECT_EQ(changes.items_changed.size(), 2U);
  EXPECT_TRUE(changes.items_removed.empty()) << "who looks at all of it sees them there";
  EXPECT_TRUE(found({}).empty());
  EXPECT_EQ(must(restore_items(*account, Caller::system(), {invoice.item}, std::nullopt)).items, 0U);
  clock.advance(std::chrono::days(30));
  must(accounts->sweep());
  EXPECT_EQ(must(account->read(Caller::system()))->usage().items, 2U) << "they are no longer due";
  expect_sound();
}

TEST_F(RemovedTest, ComeIntoRecoveredWhereTheirFolderIsGone) {
  must(account->update(as(ada), [&](Transaction& t) { return t.remove_folder(projects); }));
  const auto done = must(restore_items(*account, Caller::system(), found({}), std::nullopt));
  EXPECT_EQ(done.items, 2U);
  EXPECT_EQ(done.elsewhere, 1U);
  const auto recovered = account->folders()->at_path(kRecoveredFolder);
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->total, 1U);
  expect_sound();
}

TEST_F(RemovedTest, RespectTheQuota) {
  auto principal = must(directory->principal(ada));
  principal.quota = 10;
  must(directory->update_principal(principal));
  const auto done = restore_items(*account, Caller::system(), found({}), in);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::over_quota);
  expect_sound();
}

TEST_F(RemovedTest, GoForGoodWhenTheyShall) {
  EXPECT_EQ(must(purge_items(*account, Caller::system(), found({.folder = projects}))), 1U);
  EXPECT_EQ(found({}), std::vector<ItemId>{other.item});
  EXPECT_FALSE(must(account->read(Caller::system()))->item(invoice.item));
  expect_sound();
}

}  // namespace
}  // namespace kontor::groupware
