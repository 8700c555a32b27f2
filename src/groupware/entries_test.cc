// SPDX-License-Identifier: AGPL-3.0-or-later
// Items of other kinds than mail: folders of their kinds, names, replacement and versions.
#include <gtest/gtest.h>

#include "groupware/accounts_fixture.h"
#include "groupware/item_name.h"
#include "groupware/keys.h"
#include "groupware/records.h"
#include "store/engine.h"

namespace kontor::groupware {
namespace {

class EntriesTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    account = open(ada);
    files = by_role(*account, FolderRole::files);
  }

  Added put(const std::string& bytes, const std::string& name = "") {
    return must(try_put(*account, files, make_item(Kind::files, bytes, name)));
  }
  Result<void> change(const std::function<Result<void>(Transaction&)>& step, Caller caller = Caller::system()) {
    const Result<Modseq> done = account->update(caller, step);
    if (!done) return std::unexpected(done.error());
    return {};
  }
  Result<void> replace(Uid uid, const std::string& bytes) {
    const NewItem item = make_item(Kind::files, bytes);
    return change([&](Transaction& t) -> Result<void> {
      TRY_VOID(t.replace(files, uid, item));
      return {};
    });
  }
  std::unique_ptr<Reader> reader(Caller caller = Caller::system()) { return must(account->read(caller)); }
  std::vector<Entry> entries(FolderId folder) {
    std::vector<Entry> out;
    must(reader()->entries(folder, [&](const Entry& entry) {
      out.push_back(entry);
      return true;
    }));
    return out;
  }
  static std::optional<Errc> error_of(const Result<Added>& result) {
    return result ? std::nullopt : std::optional(result.error().code);
  }

  std::shared_ptr<Account> account;
  FolderId files;
};

TEST_F(EntriesTest, EveryAccountHasItsDefaultFolders) {
  const auto table = account->folders();
  for (const FolderRole role :
       {FolderRole::calendar, FolderRole::contacts, FolderRole::tasks, FolderRole::notes, FolderRole::files}) {
    const auto folder = table->by_role(role);
    ASSERT_TRUE(folder) << name(role);
    EXPECT_EQ(folder->kind, *kind_of(role));
    EXPECT_EQ(default_role(folder->kind), role);
  }
  const auto calendar = table->by_role(FolderRole::calendar);
  EXPECT_EQ(calendar->grants, (std::vector<Grant>{{PrincipalId(), right::kFreeBusy}}));
  EXPECT_FALSE(table->at_path("Calendar"));
  EXPECT_EQ(table->at_path("Calendar", Kind::calendar), calendar);
  EXPECT_EQ(table->at_any_path("Calendar"), calendar);
}

TEST_F(EntriesTest, AccountsOfBeforeGetThemWhenTheyAreOpened) {
  // As an older version left it: without them, and with a mail folder of such a name.
  const AccountId id = account->id();
  must(change([&](Transaction& t) -> Result<void> {
    Transaction::NewFolder mail;
    mail.name = "Calendar";
    TRY_VOID(t.create_folder(mail));
    return {};
  }));
  account.reset();
  accounts.reset();
  const auto partition = store::account_partition(id);
  store::Batch batch;
  {
    const auto snapshot = must(engine->snapshot(partition));
    must(snapshot->scan(key::all('F'), key::end("F"), [&](store::Key key, store::Value value) {
      if (must(decode_folder(FolderId(1), value)).kind != Kind::mail) batch.erase(std::string(key));
      return true;
    }));
  }
  must(engine->commit(partition, batch, store::Durability::durable));
  reopen();
  account = open(ada);
  EXPECT_TRUE(account->folders()->by_role(FolderRole::notes));
  EXPECT_EQ(account->folders()->at_path("Calendar")->kind, Kind::mail);
  const Modseq before = account->modseq();
  account.reset();
  reopen();
  EXPECT_EQ(open(ada)->modseq(), before) << "once";
  expect_sound();
}

TEST_F(EntriesTest, FoldersKeepToTheirKinds) {
  const auto make = [&](const std::string& name, FolderId parent, Kind kind, FolderRole role = FolderRole::none) {
    FolderId made;
    const Result<void> done = change([&](Transaction& t) -> Result<void> {
      Transaction::NewFolder folder;
      folder.name = name;
      folder.parent = parent;
      folder.kind = kind;
      folder.role = role;
      TRY(made, t.create_folder(folder));
      return {};
    });
    return done ? Result<FolderId>(made) : std::unexpected(done.error());
  };
  const FolderId calendar = by_role(*account, FolderRole::calendar);
  EXPECT_TRUE(make("Drafts", FolderId(), Kind::files)) << "a name of mail";
  EXPECT_EQ(make("Tasks", FolderId(), Kind::files).error().code, Errc::exists) << "a name of another kind";
  EXPECT_TRUE(make("Inner", files, Kind::files));
  EXPECT_EQ(make("Inner", files, Kind::mail).error().code, Errc::invalid);
  EXPECT_EQ(make("Inner", calendar, Kind::calendar).error().code, Errc::invalid) << "calendars do not nest";
  EXPECT_EQ(make("Archive 2", FolderId(), Kind::calendar, FolderRole::archive).error().code, Errc::invalid);
  EXPECT_FALSE(change([&](Transaction& t) { return t.remove_folder(calendar); })) << "a default folder stays";
  EXPECT_EQ(error_of(try_put(*account, calendar, make_item(Kind::files, "x"))), Errc::invalid);
  EXPECT_EQ(error_of(try_put(*account, inbox(*account), make_item(Kind::files, "x"))), Errc::invalid);
  EXPECT_EQ(error_of(try_put(*account, files, make_item(Kind::mail, mail("x")))), Errc::invalid);
}

TEST_F(EntriesTest, ItemsHaveNames) {
  const Added first = put("one", "a.txt");
  EXPECT_EQ(first.name, "a.txt");
  EXPECT_EQ(error_of(try_put(*account, files, make_item(Kind::files, "two", "a.txt"))), Errc::exists);
  EXPECT_EQ(put("two").name, "item");
  EXPECT_EQ(put("three").name, "item-2");
  EXPECT_EQ(must(reader()->named(files, "a.txt")), first.uid);
  EXPECT_EQ(reader()->named(files, "b.txt").error().code, Errc::not_found);
  const Entry entry = must(reader()->entry(files, first.uid));
  EXPECT_EQ(entry.name, "a.txt");
  EXPECT_EQ(entry.size, 3u);
  EXPECT_EQ(entry.item, first.item);
  EXPECT_EQ(entry.etag.front(), '"');
  const std::vector<Entry> all = entries(files);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].name, "a.txt");
  EXPECT_EQ(all[0].etag, entry.etag);
  EXPECT_EQ(all[0].modseq, entry.modseq);
  expect_sound();
}

TEST_F(EntriesTest, NamesGoWhereTheirItemsGo) {
  FolderId inner;
  const Added added = put("one", "a.txt");
  must(change([&](Transaction& t) -> Result<void> {
    Transaction::NewFolder folder;
    folder.name = "Inner";
    folder.parent = files;
    folder.kind = Kind::files;
    TRY(inner, t.create_folder(folder));
    TRY(const Added copy, t.copy(files, added.uid, inner));
    EXPECT_EQ(copy.name, "a.txt");
    TRY(const Added twice, t.copy(files, added.uid, inner));
    EXPECT_EQ(twice.name, "a-2.txt");
    TRY(const Added moved, t.move(files, added.uid, inner, "b.txt"));
    EXPECT_EQ(moved.name, "b.txt");
    return {};
  }));
  EXPECT_TRUE(entries(files).empty());
  EXPECT_EQ(entries(inner).size(), 3u);
  const Modseq before = account->modseq();
  must(change([&](Transaction& t) -> Result<void> {
    TRY(const Uid uid, t.named(inner, "b.txt"));
    TRY_VOID(t.rename(inner, uid, "c.txt"));
    EXPECT_EQ(t.rename(inner, uid, "a.txt").error().code, Errc::exists);
    EXPECT_EQ(t.rename(inner, uid, "x/y").error().code, Errc::invalid);
    TRY(const Uid other, t.named(inner, "a.txt"));
    return t.remove(inner, other);
  }));
  const Changes changes = must(reader()->changes_since(before));
  ASSERT_EQ(changes.vanished.size(), 2u);
  EXPECT_EQ(changes.vanished[0].name, "b.txt");
  EXPECT_EQ(changes.vanished[1].name, "a.txt");
  expect_sound();
  must(change([&](Transaction& t) { return t.remove_folder(inner); }));
  expect_sound();
}

TEST_F(EntriesTest, FoldersGoWithTheirNames) {
  FolderId inner;
  must(change([&](Transaction& t) -> Result<void> {
    Transaction::NewFolder folder;
    folder.name = "Inner";
    folder.parent = files;
    folder.kind = Kind::files;
    TRY(inner, t.create_folder(folder));
    return {};
  }));
  const NewItem item = make_item(Kind::files, "x");
  must(change([&](Transaction& t) -> Result<void> {
    for (int i = 0; i < 600; ++i) TRY_VOID(t.add(inner, item));
    return t.remove_folder(inner);
  }));
  expect_sound();
  accounts->finish_removals();
  expect_sound();
  const auto snapshot = must(engine->snapshot(store::account_partition(account->id())));
  must(snapshot->scan(key::all('B'), key::end("B"), [&](store::Key, store::Value) {
    ADD_FAILURE() << "a name is left";
    return false;
  }));
}

TEST_F(EntriesTest, WhatGoesWithItsFolderIsNotChanged) {
  FolderId inner;
  Added added;
  const NewItem item = make_item(Kind::files, "x");
  must(change([&](Transaction& t) -> Result<void> {
    Transaction::NewFolder folder;
    folder.name = "Inner";
    folder.parent = files;
    folder.kind = Kind::files;
    TRY(inner, t.create_folder(folder));
    for (int i = 0; i < 600; ++i) {
      TRY(added, t.add(inner, item));
    }
    TRY_VOID(t.remove_folder(inner));
    EXPECT_FALSE(t.set_properties(added.item, {{"a", "b"}}));
    EXPECT_FALSE(t.set_internal_date(added.item, InternalDate(clock.now())));
    return {};
  }));
  accounts->finish_removals();
  expect_sound();
}

TEST_F(EntriesTest, ReplacedContentStaysAsAVersion) {
  const Added added = put("first", "a.txt");
  const std::string etag = must(reader()->entry(files, added.uid)).etag;
  must(replace(added.uid, "the second"));
  must(replace(added.uid, "third"));
  const Entry entry = must(reader()->entry(files, added.uid));
  EXPECT_NE(entry.etag, etag);
  EXPECT_EQ(entry.item, added.item);
  EXPECT_EQ(entry.name, "a.txt");
  EXPECT_EQ(content(*account, added.item), "third");
  EXPECT_EQ(folder(*account, files)->bytes, 5u);
  EXPECT_EQ(folder(*account, files)->total, 1u);
  const auto versions = must(reader()->versions(added.item));
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(content(*account, versions[0].item), "the second");
  EXPECT_EQ(content(*account, versions[1].item), "first");
  EXPECT_EQ(versions[1].etag, etag);
  EXPECT_EQ(reader()->usage().bytes, 5u);
  expect_sound();
}

TEST_F(EntriesTest, TheSameBytesChangeNothing) {
  const Added added = put("same", "a.txt");
  const Modseq before = account->modseq();
  must(replace(added.uid, "same"));
  EXPECT_EQ(account->modseq(), before);
  EXPECT_TRUE(must(reader()->versions(added.item)).empty());
}

TEST_F(EntriesTest, ContentIsKeptAsLongAsSomebodyUsesIt) {
  const Added added = put("shared by a copy", "a.txt");
  Added copy;
  must(change([&](Transaction& t) -> Result<void> {
    TRY(copy, t.copy(files, added.uid, files, "copy.txt"));
    return {};
  }));
  must(replace(added.uid, "another"));
  const ItemId version = must(reader()->versions(added.item)).at(0).item;
  must(change([&](Transaction& t) { return t.purge_removed_item(version); }));
  EXPECT_EQ(content(*account, copy.item), "shared by a copy");
  EXPECT_TRUE(must(reader()->versions(added.item)).empty());
  expect_sound();
  must(change([&](Transaction& t) -> Result<void> {
    TRY_VOID(t.remove(files, copy.uid));
    return t.purge_removed_item(copy.item);
  }));
  expect_sound();  // also: no content that nobody uses
  must(change([&](Transaction& t) -> Result<void> {
    TRY_VOID(t.remove(files, added.uid));
    return t.purge_removed_item(added.item);
  }));
  expect_sound();
}

TEST_F(EntriesTest, LargeContentIsReplacedToo) {
  const Added added = put(std::string(200 << 10, 'a'), "large");
  must(replace(added.uid, std::string(100 << 10, 'b')));
  must(replace(added.uid, "small"));
  must(replace(added.uid, std::string(200 << 10, 'a')));
  EXPECT_EQ(must(reader()->versions(added.item)).size(), 3u);
  EXPECT_EQ(content(*account, added.item), std::string(200 << 10, 'a'));
  expect_sound();
}

TEST_F(EntriesTest, WithoutAPeriodVersionsAreNotKept) {
  directory::Tenant record = must(directory->tenant(tenant));
  record.recoverable_days = 0;
  must(directory->update_tenant(record));
  const Added added = put("first", "a.txt");
  must(replace(added.uid, "second"));
  EXPECT_TRUE(must(reader()->versions(added.item)).empty());
  expect_sound();
}

TEST_F(EntriesTest, VersionsGoWithTheirTimeUnlessTheyAreHeld) {
  const Added added = put("first", "a.txt");
  must(replace(added.uid, "second"));
  directory::Principal owner = must(directory->principal(ada));
  owner.holds.push_back({"case 7", "", clock.now(), "root"});
  must(directory->update_principal(owner));
  clock.advance(std::chrono::hours(24 * 30));
  must(accounts->sweep());
  EXPECT_EQ(must(reader()->versions(added.item)).size(), 1u);
  owner.holds.clear();
  must(directory->update_principal(owner));
  must(accounts->sweep());
  EXPECT_TRUE(must(reader()->versions(added.item)).empty());
  EXPECT_EQ(content(*account, added.item), "second");
  expect_sound();
}

TEST_F(EntriesTest, WhatIsReplacedMustHaveRoom) {
  directory::Principal owner = must(directory->principal(ada));
  owner.quota = 10;
  must(directory->update_principal(owner));
  const Added added = put("12345678", "a.txt");
  must(replace(added.uid, "1234567890"));
  EXPECT_EQ(replace(added.uid, "12345678901").error().code, Errc::over_quota);
  EXPECT_EQ(content(*account, added.item), "1234567890");
  expect_sound();
}

TEST_F(EntriesTest, RemovedItemsComeBackUnderTheirNames) {
  const Added added = put("one", "a.txt");
  must(change([&](Transaction& t) { return t.remove(files, added.uid); }));
  put("two", "a.txt");
  must(change([&](Transaction& t) -> Result<void> {
    TRY(const Added back, t.restore(added.item, files));
    EXPECT_EQ(back.name, "a-2.txt");
    EXPECT_FALSE(t.restore(added.item, inbox(*account)));
    return {};
  }));
  expect_sound();
}

TEST_F(EntriesTest, OnlyWhoMayReadSeesThem) {
  put("one", "a.txt");
  must(change([&](Transaction& t) -> Result<void> {
    Transaction::FolderChange grants;
    grants.grants = {{ben, right::kSee}};
    return t.change_folder(files, grants);
  }));
  const auto seen = reader(as(ben));
  EXPECT_EQ(seen->named(files, "a.txt").error().code, Errc::denied);
  EXPECT_EQ(seen->entries(files, [](const Entry&) { return true; }).error().code, Errc::denied);
}

TEST_F(EntriesTest, CheckPutsNamesRight) {
  const Added added = put("one", "a.txt");
  put("two", "b.txt");
  const auto partition = store::account_partition(account->id());
  store::Batch batch;
  batch.erase(key::named(files, "a.txt"));
  batch.put(key::named(files, "ghost"), "?");
  must(engine->commit(partition, batch, store::Durability::durable));
  const CheckReport report = must(accounts->check({.repair = true, .read_content = true, .progress = {}}));
  EXPECT_EQ(report.faults.size(), 2u);
  expect_sound();
  EXPECT_EQ(must(reader()->named(files, "a.txt")), added.uid);
}

TEST(ItemName, SoundOnesAreTaken) {
  struct Case {
    std::string name;
    bool is_sound;
  };
  const Case cases[] = {{"a.ics", true},
                        {"", false},
                        {".", false},
                        {"..", false},
                        {"a/b", false},
                        {"a\nb", false},
                        {"\xff", false},
                        {"\xc3\xa9", true},
                        {std::string(255, 'x'), true},
                        {std::string(256, 'x'), false}};
  for (const Case& one : cases) EXPECT_EQ(check_item_name(one.name).has_value(), one.is_sound) << one.name;
}

TEST(ItemName, OthersAreMade) {
  EXPECT_EQ(numbered_item_name("report.pdf", 2), "report-2.pdf");
  EXPECT_EQ(numbered_item_name(".bashrc", 2), ".bashrc-2");
  EXPECT_EQ(numbered_item_name(std::string(255, 'x'), 3).size(), 255u);
  EXPECT_EQ(sound_item_name("a/b", ".ics"), "a-b.ics");
  EXPECT_EQ(sound_item_name("", ".vcf"), "item.vcf");
  EXPECT_EQ(sound_item_name("\xff", ".vcf"), "item.vcf");
  EXPECT_TRUE(check_item_name(sound_item_name(std::string(300, '\xc3') + "x", ".ics")));
}

}  // namespace
}  // namespace kontor::groupware
