// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/shares.h"

#include "directory/testing.h"

namespace kontor::directory {
namespace {

constexpr std::uint32_t kMail = 1, kCalendar = 2;

class SharesTest : public DirectoryTest {
 protected:
  void SetUp() override {
    DirectoryTest::SetUp();
    ann = add("ann@example.org");
    bob = add("bob@example.org");
    cid = add("cid@example.org");
    team = add("team@example.org", PrincipalKind::group);
    all = add("all@example.org", PrincipalKind::group);
    desk = add("desk@example.org", PrincipalKind::shared);
    stranger = add("sue@other.example");
  }
  void TearDown() override { expect_clean(); }

  static AccountId account_of(const Principal& principal) { return principal.account(); }
  std::vector<PrincipalId> sharing_with(const Principal& who, std::uint32_t kinds = kMail) {
    return directory->sharing_with(who.id, kinds);
  }

  Principal ann, bob, cid, team, all, desk, stranger;
};
using Ids = std::vector<PrincipalId>;

TEST_F(SharesTest, NotesAreFoundByPrincipalGroupAndEveryone) {
  set_members(team.id, {bob.id});
  set_members(all.id, {team.id});
  ASSERT_TRUE(directory->set_shares(account_of(ann), {{all.id, kMail}}));
  ASSERT_TRUE(directory->set_shares(account_of(cid), {{PrincipalId(), kMail | kCalendar}, {ann.id, kCalendar}}));
  EXPECT_EQ(sharing_with(bob), (Ids{ann.id, cid.id})) << "by a group within a group, then by everyone";
  EXPECT_EQ(sharing_with(ann), Ids{cid.id}) << "not its own";
  EXPECT_EQ(sharing_with(bob, kCalendar), Ids{cid.id}) << "of that kind alone";
  EXPECT_EQ(sharing_with(stranger), Ids{}) << "everyone is everyone of the tenant";
  EXPECT_TRUE(directory->shows_to(account_of(ann), bob.id, kMail));
  EXPECT_FALSE(directory->shows_to(account_of(ann), cid.id, kMail));
  EXPECT_FALSE(directory->shows_to(account_of(cid), stranger.id, kMail));
  set_members(all.id, {});
  EXPECT_EQ(sharing_with(bob), Ids{cid.id}) << "who leaves the group loses it";
}

TEST_F(SharesTest, NotesLastAndGoWithTheirAccount) {
  ASSERT_TRUE(directory->set_shares(account_of(ann), {{bob.id, kMail}}));
  ASSERT_TRUE(directory->set_shares(account_of(cid), {{bob.id, kMail}}));
  auto again = opened(*engine, clock);
  EXPECT_EQ(again->sharing_with(bob.id, kMail), (Ids{ann.id, cid.id}));
  EXPECT_EQ(again->shares(account_of(ann)), (Shares{{bob.id, kMail}}));
  ASSERT_TRUE(directory->remove_principal(ann.id));
  EXPECT_EQ(sharing_with(bob), Ids{cid.id});
  ASSERT_TRUE(directory->set_shares(account_of(cid), {}));
  EXPECT_EQ(sharing_with(bob), Ids{});
  EXPECT_EQ(directory->set_shares(account_of(team), {{bob.id, kMail}}).error().code, Errc::not_found)
      << "a group has no account";
}

TEST_F(SharesTest, SharedMailboxesShowToTheirMembers) {
  set_members(team.id, {bob.id});
  set_members(desk.id, {ann.id, team.id, cid.id});
  Principal changed = directory->principal(desk.id).value();
  changed.readers = {ann.id, team.id};
  changed.managers = {cid.id, stranger.id};  // who is no member has no role
  ASSERT_TRUE(directory->update_principal(changed));
  EXPECT_EQ(directory->principal(desk.id).value().managers, Ids{cid.id});
  EXPECT_EQ(directory->member_role(desk.id, ann.id), MemberRole::reader);
  EXPECT_EQ(directory->member_role(desk.id, bob.id), MemberRole::reader) << "by its group";
  EXPECT_EQ(directory->member_role(desk.id, cid.id), MemberRole::manager);
  EXPECT_EQ(directory->member_role(desk.id, stranger.id), std::nullopt);
  EXPECT_EQ(sharing_with(bob), Ids{desk.id});
  set_members(desk.id, {ann.id, team.id, bob.id});
  EXPECT_EQ(directory->member_role(desk.id, bob.id), MemberRole::editor) << "the best of its own and its group's";
  EXPECT_EQ(directory->member_role(desk.id, cid.id), std::nullopt);
  ASSERT_TRUE(directory->remove_principal(ann.id));
  EXPECT_EQ(directory->principal(desk.id).value().readers, Ids{team.id});
}

TEST_F(SharesTest, WhoMaySendForWhom) {
  set_members(team.id, {bob.id});
  set_members(desk.id, {ann.id});
  Principal changed = directory->principal(ann.id).value();
  changed.send_as = {team.id};
  changed.send_on_behalf = {cid.id};
  ASSERT_TRUE(directory->update_principal(changed));
  EXPECT_EQ(directory->send_right(ann.id, ann.id), SendRight::as) << "itself";
  EXPECT_EQ(directory->send_right(bob.id, ann.id), SendRight::as) << "by its group";
  EXPECT_EQ(directory->send_right(cid.id, ann.id), SendRight::on_behalf);
  EXPECT_EQ(directory->send_right(ann.id, bob.id), SendRight::none);
  EXPECT_EQ(directory->send_right(ann.id, desk.id), SendRight::as) << "an editor of the shared mailbox";
  EXPECT_EQ(directory->send_right(stranger.id, ann.id), SendRight::none);
  changed.send_as = {stranger.id};
  EXPECT_EQ(directory->update_principal(changed).error().code, Errc::invalid) << "of another tenant";
  ASSERT_TRUE(directory->remove_principal(cid.id));
  EXPECT_TRUE(directory->principal(ann.id).value().send_on_behalf.empty());
}

}  // namespace
}  // namespace kontor::directory
