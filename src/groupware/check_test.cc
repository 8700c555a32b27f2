// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/check.h"

#include "groupware/accounts_fixture.h"
#include "groupware/keys.h"
#include "groupware/records.h"

namespace kontor::groupware {
namespace {

class CheckTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    auto account = open(ada);
    in = inbox(*account);
    first = add(*account, in, mail("one"), kSeen);
    second = add(*account, in, mail("two"));
    large = add(*account, in, mail("large", "", std::string(100'000, 'z')));
    must(account->update(Caller::system(), [&](Transaction& t) -> Result<void> {
      TRY_VOID(t.copy(in, first.uid, account->folders()->by_role(FolderRole::archive)->id));
      return {};
    }));
    partition = store::account_partition(account->id());
  }

  void damage(const std::function<void(store::Batch&)>& how) {
    store::Batch batch;
    how(batch);
    must(engine->commit(partition, batch));
    reopen();
  }

  std::size_t faults() {
    return must(accounts->check({.repair = false, .read_content = true, .progress = {}})).faults.size();
  }
  CheckReport repair() { return must(accounts->check({.repair = true, .read_content = true, .progress = {}})); }

  FolderId in;
  Added first, second, large;
  store::Partition partition{1};
};

TEST_F(CheckTest, FindsNothingInASoundAccount) {
  CheckReport report = must(accounts->check({.repair = false, .read_content = true, .progress = {}}));
  EXPECT_TRUE(report.faults.empty());
  EXPECT_EQ(report.items, 4U);
  EXPECT_EQ(report.blobs, 1U);
}

TEST_F(CheckTest, EachKindOfDamageIsFoundAndRepaired) {
  struct Case {
    const char* what;
    std::function<void(store::Batch&)> damage;
    bool is_for_janitor = false;  // it begins when the account is opened, and may be the first to see it
  };
  auto folder_bytes = [&](auto change) {
    Folder folder = *this->folder(*open(ada), in);
    change(folder);
    return encode(folder);
  };
  const Case cases[] = {
      {"a row is lost", [&](store::Batch& b) { b.erase(key::filing(in, first.uid)); }},
      {"a row without an item",
       [&](store::Batch& b) {
         Row row;
         row.item = ItemId(4711);
         b.put(key::filing(in, Uid(99)), encode(RowRecord{row, {}}));
       }},
      {"wrong counters",
       [&](store::Batch& b) {
         b.put(key::folder(in), folder_bytes([](Folder& f) {
                 f.total = 77;
                 f.unseen = 0;
               }));
       }},
      {"UIDNEXT too low",
       [&](store::Batch& b) { b.put(key::folder(in), folder_bytes([](Folder& f) { f.next_uid = Uid(1); })); }},
      {"the note of an unfinished copy ends too early", [&](store::Batch& b) { b.put(key::copy("one"), "damaged"); }},
      {"the note of an unfinished copy has a range that ends before it begins",
       [&](store::Batch& b) { b.put(key::copy("two"), std::string(12, '\1') + std::string(4, '\0')); }},
      {"a folder that is there is noted as removed", [&](store::Batch& b) { b.put(key::doomed(in), ""); }, true},
      {"the note of a removed folder has no number", [&](store::Batch& b) { b.put("Dx", ""); }, true},
      {"a parent that is not there",
       [&](store::Batch& b) {
         Folder folder = *open(ada)->folders()->by_role(FolderRole::sent);
         folder.parent = FolderId(999);
         b.put(key::folder(folder.id), encode(folder));
       }},
      {"two folders with one role",
       [&](store::Batch& b) {
         Folder folder = *open(ada)->folders()->by_role(FolderRole::sent);
         folder.role = FolderRole::trash;
         b.put(key::folder(folder.id), encode(folder));
       }},
      {"a lost summary", [&](store::Batch& b) { b.erase(key::summary(second.item)); }},
      {"a damaged summary", [&](store::Batch& b) { b.put(key::summary(large.item), "no table"); }},
      {"a summary of no item", [&](store::Batch& b) { b.put(key::summary(ItemId(9999)), "x"); }},
      {"a thread's reference of no item",
       [&](store::Batch& b) { b.put(key::thread(5, ItemId(9999)), std::string(16, 'x')); }},
      {"a blob's use not noted",
       [&](store::Batch& b) {
         Result<Item> item = must(open(ada)->read(Caller::system()))->item(large.item);
         b.erase(key::blob(item->hash, large.item));
       }},
      {"a damaged change record", [&](store::Batch& b) { b.put(key::change(Modseq(3)), "x"); }},
      {"damaged preferences", [&](store::Batch& b) { b.put(key::preferences(), "no table"); }},
      {"preferences that make no sense",
       [&](store::Batch& b) {
         Preferences twice;
         twice.signatures = {{"1", "", "", false}, {"1", "", "", false}};
         b.put(key::preferences(), encode(twice));
       }},
      {"content that nobody uses",
       [&](store::Batch& b) { b.put(key::content(ItemId(8888)), "x", store::Space::content); }},
  };
  for (const Case& c : cases) {
    damage(c.damage);
    const std::size_t found = faults();
    if (!c.is_for_janitor) EXPECT_GT(found, 0U) << c.what;
    for (const Fault& fault : repair().faults) EXPECT_TRUE(fault.repaired) << c.what << ": " << fault.what;
    EXPECT_EQ(faults(), 0U) << c.what;
    auto account = open(ada);
    EXPECT_EQ(view(*account, in)->size(), 3U) << c.what;
    EXPECT_EQ(content(*account, second.item), mail("two")) << c.what;
  }
}

TEST_F(CheckTest, AnItemInNoFolderGoesToTheInbox) {
  damage([&](store::Batch& batch) {
    auto snapshot = must(engine->snapshot(partition));
    auto bytes = must(snapshot->get(key::item(second.item)));
    ItemRecord item = must(decode_item(second.item, *bytes));
    item.filings.clear();
    batch.put(key::item(second.item), encode(item));
    batch.erase(key::filing(in, second.uid));
  });
  EXPECT_GT(faults(), 0U);
  repair();
  EXPECT_EQ(faults(), 0U);
  auto rows = view(*open(ada), in);
  EXPECT_EQ(rows->at(rows->size() - 1).item, second.item);
}

TEST_F(CheckTest, LostContentIsNamedAndNotHidden) {
  damage([&](store::Batch& batch) { batch.erase(key::content(second.item), store::Space::content); });
  CheckReport report = repair();
  ASSERT_EQ(report.faults.size(), 1U);
  EXPECT_FALSE(report.faults[0].repaired);
  EXPECT_NE(report.faults[0].where.find("ada@example.org"), std::string::npos);
  EXPECT_EQ(faults(), 1U) << "the item is kept, and still named";
}

TEST_F(CheckTest, ChangedBytesAreFoundWhenContentIsRead) {
  damage([&](store::Batch& batch) {
    std::string bytes = mail("two");
    bytes.back() = '!';
    batch.put(key::content(second.item), bytes, store::Space::content);
  });
  EXPECT_TRUE(must(accounts->check({})).faults.empty());
  EXPECT_EQ(faults(), 1U);
}

}  // namespace
}  // namespace kontor::groupware
