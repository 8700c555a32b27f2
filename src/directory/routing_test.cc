// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/testing.h"

namespace kontor::directory {
namespace {

TEST_F(DirectoryTest, MailFindsItsWay) {
  Principal ada = add("ada@example.org");
  Principal plus = add("ada+real@example.org");
  auto to = [&](const char* address) { return directory->resolve(address); };
  EXPECT_EQ(to("Ada@example.org")->principal, ada.id);
  EXPECT_EQ(to("ada+Lists@example.org")->principal, ada.id);
  EXPECT_EQ(to("ada+Lists@example.org")->detail, "Lists");
  EXPECT_EQ(to("ada+real@example.org")->principal, plus.id) << "an exact address wins over a detail";
  EXPECT_EQ(to("ada+real@example.org")->detail, "");
  EXPECT_EQ(to("ada+real+x@example.org")->principal, ada.id);
  EXPECT_TRUE(fails(to("bob@example.org"), Errc::not_found, "nobody has the address bob@example.org"));
  EXPECT_TRUE(fails(to("bob+x@example.org"), Errc::not_found, "nobody"));
  EXPECT_TRUE(fails(to("+x@example.org"), Errc::not_found, "nobody"));
  EXPECT_TRUE(fails(to("ada@elsewhere.example"), Errc::denied, "elsewhere.example is not served here"));
  EXPECT_TRUE(fails(to("nonsense"), Errc::not_found, "not an address"));
}

TEST_F(DirectoryTest, DomainsDecideAboutDetailsAndUnknownAddresses) {
  Principal ada = add("ada@example.org");
  Principal bob = add("bob@example.org");
  Domain domain = directory->domain("example.org").value();
  domain.subaddressing = false;
  ASSERT_TRUE(directory->update_domain(domain));
  EXPECT_TRUE(fails(directory->resolve("ada+x@example.org"), Errc::not_found, ""));
  domain.catch_all = bob.id;
  ASSERT_TRUE(directory->update_domain(domain));
  EXPECT_EQ(directory->resolve("ada+x@example.org")->principal, bob.id);
  EXPECT_EQ(directory->resolve("ada@example.org")->principal, ada.id);
  EXPECT_EQ(directory->resolve("whoever@example.org")->principal, bob.id);
  EXPECT_TRUE(fails(directory->resolve("whoever@other.example"), Errc::not_found, ""));
}

TEST_F(DirectoryTest, SuspendedPrincipalsDeferAndInactiveOnesTakeMail) {
  Principal ada = add("ada@example.org");
  set_status(ada.id, Status::inactive);
  EXPECT_TRUE(directory->resolve("ada@example.org"));
  set_status(ada.id, Status::suspended);
  EXPECT_TRUE(fails(directory->resolve("ada@example.org"), Errc::unavailable, "ada@example.org is suspended"));
  set_status(ada.id, Status::active);
  acme.status = Status::suspended;
  ASSERT_TRUE(directory->update_tenant(acme));
  EXPECT_TRUE(fails(directory->resolve("ada@example.org"), Errc::unavailable, "suspended"))
      << "the tenant's counts too";
}

TEST_F(DirectoryTest, GroupsExpandToAccountsOnce) {
  Principal ada = add("ada@example.org");
  Principal bob = add("bob@example.org");
  Principal cyd = add("cyd@example.org");
  Principal box = add("info@example.org", PrincipalKind::shared);
  Principal inner = add("inner@example.org", PrincipalKind::group);
  Principal middle = add("middle@example.org", PrincipalKind::group);
  Principal outer = add("outer@example.org", PrincipalKind::group);
  set_members(inner.id, {ada.id, bob.id});
  set_members(box.id, {cyd.id});
  set_members(middle.id, {inner.id, box.id});
  set_members(outer.id, {inner.id, middle.id, ada.id});
  using Ids = std::vector<PrincipalId>;
  EXPECT_EQ(directory->expand(ada.id), Ids{ada.id});
  EXPECT_EQ(directory->expand(box.id), Ids{box.id}) << "its users do not get its mail";
  EXPECT_EQ(directory->expand(outer.id), (Ids{ada.id, bob.id, box.id}));
  EXPECT_EQ(directory->expand(PrincipalId(999)), Ids{});
  EXPECT_EQ(directory->groups_of(bob.id), (Ids{inner.id, middle.id, outer.id}));
  EXPECT_EQ(directory->groups_of(box.id), (Ids{middle.id, outer.id}));
  EXPECT_EQ(directory->groups_of(cyd.id), Ids{}) << "a shared mailbox is no group";
  EXPECT_EQ(directory->groups_of(outer.id), Ids{});

  set_status(bob.id, Status::suspended);
  EXPECT_EQ(directory->expand(outer.id), (Ids{ada.id, box.id}));
  set_status(middle.id, Status::suspended);
  EXPECT_EQ(directory->expand(outer.id), Ids{ada.id}) << "nobody is reached through a suspended group";
  set_members(inner.id, {});
  EXPECT_EQ(directory->groups_of(bob.id), Ids{});
}

// A chain and a ladder of groups: neither depth nor the number of ways makes it slow.
TEST_F(DirectoryTest, DeeplyNestedGroupsAreNoTrouble) {
  Principal ada = add("ada@example.org");
  std::vector<PrincipalId> below{ada.id};
  for (int level = 0; level < 40; ++level) {
    std::vector<PrincipalId> here;
    for (int side = 0; side < 2; ++side) {
      Principal group =
          add("g" + std::to_string(level) + "-" + std::to_string(side) + "@example.org", PrincipalKind::group);
      set_members(group.id, below);
      here.push_back(group.id);
    }
    below = here;
  }
  EXPECT_EQ(directory->expand(below[0]), std::vector<PrincipalId>{ada.id});
  EXPECT_EQ(directory->groups_of(ada.id).size(), 80u);
  expect_clean();
}

}  // namespace
}  // namespace kontor::directory
