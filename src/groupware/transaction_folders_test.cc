// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

class FoldersTest : public AccountsTest {};

TEST_F(FoldersTest, BeginsWithStandardFolders) {
  auto account = open(ada);
  auto table = account->folders();
  EXPECT_EQ(table->all().size(), 11U);
  EXPECT_EQ(table->by_role(FolderRole::sent)->name, "Sent");
  EXPECT_EQ(table->at_path("inbox")->role, FolderRole::inbox);
  EXPECT_TRUE(table->by_role(FolderRole::junk)->uid_validity);
  expect_sound();
}

struct FolderNameCase {
  std::string name;
  bool is_fine;
  const char* why;
};

TEST_F(FoldersTest, ChecksFolderNames) {
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

TEST_F(FoldersTest, RenamesAndRemovesFolders) {
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

TEST_F(FoldersTest, OthersNeedRights) {
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

TEST_F(FoldersTest, AGrantToEveryoneEndsAtTheTenant) {
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
TEST_F(FoldersTest, UncommittedRowsStayOutOfTheSharedViews) {
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

}  // namespace
}  // namespace kontor::groupware
