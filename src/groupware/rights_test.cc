// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/rights.h"

#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

TEST(RightLetters, AreThoseOfRfc4314) {
  EXPECT_EQ(right::letters(right::kAll), "lrswipkxtea");
  EXPECT_EQ(right::letters(right::kReader), "lr") << "free/busy has no letter";
  EXPECT_EQ(right::of_letters("rl"), right::kSee | right::kRead) << "in any order";
  EXPECT_EQ(right::of_letters(""), 0u);
  EXPECT_EQ(right::of_letters("cd"),
            right::kCreateFolder | right::kDeleteFolder | right::kDeleteItems | right::kExpunge)
      << "RFC 2086";
  EXPECT_EQ(right::of_letters("lrq"), std::nullopt);
  EXPECT_EQ(right::of_letters("L"), std::nullopt) << "letters are lower-case";
}

TEST(Grants, InOrder) {
  const PrincipalId a(1), b(2);
  EXPECT_EQ(in_order({{b, right::kRead}, {a, 0}, {b, right::kSee}, {PrincipalId(), right::kPost}}),
            (std::vector<Grant>{{PrincipalId(), right::kPost}, {b, right::kSee | right::kRead}}));
  EXPECT_EQ(granted_to({{a, right::kSee}, {b, right::kRead}}, b), right::kRead);
}

class RightsTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    cleo = add_user("cleo@example.org");
    account = open(ada);
    must(account->update(as(ada), [&](Transaction& transaction) -> Result<void> {
      Transaction::NewFolder wanted;
      wanted.name = "Projects";
      TRY(projects, transaction.create_folder(wanted));
      return {};
    }));
  }
  void TearDown() override { expect_sound(); }

  PrincipalId add(directory::PrincipalKind kind, const std::string& address, std::vector<PrincipalId> members = {}) {
    directory::NewPrincipal wanted;
    wanted.kind = kind;
    wanted.address = address;
    directory::Principal made = must(directory->add_principal(wanted));
    made.members = std::move(members);
    must(directory->update_principal(made));
    return made.id;
  }

  Result<void> grant(FolderId folder, std::vector<Grant> grants, Caller caller = Caller::system()) {
    Result<Modseq> done = account->update(caller, [&](Transaction& transaction) {
      Transaction::FolderChange change;
      change.grants = grants;
      return transaction.change_folder(folder, change);
    });
    return done ? Result<void>() : std::unexpected(done.error());
  }
  std::uint32_t rights(PrincipalId who, FolderId folder) {
    auto reader = account->read(as(who));
    return reader ? (*reader)->rights(folder) : 0;
  }
  std::vector<PrincipalId> sharing_with(PrincipalId who) { return directory->sharing_with(who, 1); }
  using Ids = std::vector<PrincipalId>;

  PrincipalId cleo;
  std::shared_ptr<Account> account;
  FolderId projects;
};

TEST_F(RightsTest, GrantsAddUpOverPersonGroupAndEveryone) {
  PrincipalId team = add(directory::PrincipalKind::group, "team@example.org", {ben});
  must(grant(projects, {{ben, right::kSee}, {team, right::kRead}, {PrincipalId(), right::kPost}}));
  EXPECT_EQ(rights(ben, projects), right::kSee | right::kRead | right::kPost);
  EXPECT_EQ(rights(cleo, projects), right::kPost);
  EXPECT_EQ(rights(ada, projects), right::kAll) << "the owner needs no grant";
  must(directory->update_principal([&] {
    auto group = must(directory->principal(team));
    group.members = {};
    return group;
  }()));
  EXPECT_EQ(rights(ben, projects), right::kSee | right::kPost) << "at once, for sessions that are open too";
}

TEST_F(RightsTest, NewFoldersBeginWithTheGrantsAbove) {
  must(grant(projects, {{ben, right::kSee | right::kRead | right::kCreateFolder}}));
  FolderId inner;
  must(account->update(as(ben), [&](Transaction& transaction) -> Result<void> {
    Transaction::NewFolder wanted;
    wanted.parent = projects;
    wanted.name = "2024";
    TRY(inner, transaction.create_folder(wanted));
    return {};
  }));
  EXPECT_EQ(rights(ben, inner), right::kSee | right::kRead | right::kCreateFolder);
  EXPECT_EQ(grant(inner, {{ben, right::kAll}}, as(ben)).error().code, Errc::denied) << "administration is a right too";
  must(grant(projects, {}));
  EXPECT_EQ(rights(ben, projects), 0u);
  EXPECT_NE(rights(ben, inner), 0u) << "what was inherited is its own";
}

TEST_F(RightsTest, TheDirectoryNotesWhoSharesWithWhom) {
  EXPECT_EQ(sharing_with(ben), Ids{});
  must(grant(projects, {{ben, right::kSee | right::kRead}}));
  EXPECT_EQ(sharing_with(ben), Ids{ada});
  EXPECT_EQ(sharing_with(cleo), Ids{});
  must(grant(inbox(*account), {{PrincipalId(), right::kSee}}));
  EXPECT_EQ(sharing_with(cleo), Ids{ada});
  must(grant(inbox(*account), {{PrincipalId(), right::kPost}}));
  EXPECT_EQ(sharing_with(cleo), Ids{}) << "who may only post sees nothing";
  must(account->update(as(ada), [&](Transaction& transaction) { return transaction.remove_folder(projects); }));
  EXPECT_EQ(sharing_with(ben), Ids{});
}

TEST_F(RightsTest, AChangeThatFailsLeavesNoNoteThatMatters) {
  auto done = account->update(as(ada), [&](Transaction& transaction) -> Result<void> {
    Transaction::FolderChange change;
    change.grants = std::vector<Grant>{{ben, right::kSee}};
    TRY_VOID(transaction.change_folder(projects, change));
    return fail(Errc::invalid, "on second thoughts");
  });
  EXPECT_FALSE(done);
  EXPECT_EQ(rights(ben, projects), 0u);
  EXPECT_EQ(sharing_with(ben), Ids{});
}

TEST_F(RightsTest, CheckFindsAndMendsAMissingNote) {
  must(grant(projects, {{ben, right::kSee}}));
  must(directory->set_shares(account->id(), {}));
  EXPECT_EQ(must(accounts->check({})).faults.size(), 1u);
  must(accounts->check({.repair = true, .read_content = false, .progress = {}}));
  EXPECT_EQ(sharing_with(ben), Ids{ada});
  // More than is true is no fault: an update may break off between the note and the commit.
  must(directory->set_shares(account->id(), {{ben, 1}, {cleo, 1}}));
  EXPECT_TRUE(must(accounts->check({})).faults.empty());
  must(accounts->check({.repair = true, .read_content = false, .progress = {}}));
}

TEST_F(RightsTest, RemovedPrincipalsLeaveTheGrants) {
  must(grant(projects, {{ben, right::kSee}, {cleo, right::kSee}}));
  must(directory->remove_principal(ben));
  must(accounts->sweep());
  EXPECT_EQ(folder(*account, projects)->grants, (std::vector<Grant>{{cleo, right::kSee}}));
  EXPECT_EQ(directory->shares(account->id()), (directory::Shares{{cleo, 1}}));
}

TEST_F(RightsTest, MembersOfASharedMailboxHaveTheirRole) {
  PrincipalId desk = add(directory::PrincipalKind::shared, "desk@example.org", {ada, ben, cleo});
  auto mailbox = must(directory->principal(desk));
  mailbox.readers = {ben};
  mailbox.managers = {cleo};
  must(directory->update_principal(mailbox));
  account = open(desk);
  EXPECT_EQ(rights(ada, inbox(*account)), right::kSteward);
  EXPECT_EQ(rights(ben, inbox(*account)), right::kReader);
  EXPECT_EQ(rights(cleo, inbox(*account)), right::kAll);
  EXPECT_EQ(sharing_with(ben), Ids{desk}) << "without any set-up";
  must(grant(inbox(*account), {{PrincipalId(), right::kSee}}, as(cleo)));
  EXPECT_EQ(grant(inbox(*account), {}, as(ada)).error().code, Errc::denied);
}

TEST_F(RightsTest, WhatIsAddedBringsOnlyTheFlagsThatOneMayWrite) {
  must(grant(projects, {{ben, right::kSee | right::kRead | right::kInsert | right::kKeepSeen}}));
  NewItem item;
  item.content = stage(mail("hello"));
  item.flags.flags = kSeen | kFlagged | kDeleted;
  item.flags.keywords = {"work"};
  must(account->update(as(ben), [&](Transaction& transaction) -> Result<void> {
    TRY_VOID(transaction.add(projects, item));
    return {};
  }));
  auto rows = view(*account, projects);
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->flags(0).bits & ~std::uint64_t{Row::kElsewhere}, std::uint64_t{kSeen});
  EXPECT_EQ(folder(*account, projects)->deleted, 0u);
  EXPECT_EQ(folder(*account, projects)->unseen, 0u);
}

TEST_F(RightsTest, NobodyOfAnotherTenantIsGrantedAnything) {
  TenantId other = must(directory->add_tenant("other")).id;
  must(directory->add_domain(other, "other.example"));
  PrincipalId stranger = add_user("sue@other.example");
  EXPECT_EQ(grant(projects, {{stranger, right::kSee}}).error().code, Errc::invalid);
  must(grant(projects, {{PrincipalId(), right::kSee}}));
  EXPECT_EQ(rights(stranger, projects), 0u);
}

}  // namespace
}  // namespace kontor::groupware
