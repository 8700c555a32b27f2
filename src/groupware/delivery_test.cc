// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/delivery.h"

#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

class DeliveryTest : public AccountsTest {
 protected:
  Result<void> deliver(const std::string& address, const std::string& bytes = mail("hello")) {
    return Delivery(*accounts, *directory).deliver(address, stage(bytes));
  }
  std::uint32_t in_inbox(PrincipalId who) {
    auto account = open(who);
    return folder(*account, inbox(*account))->total;
  }
};

TEST_F(DeliveryTest, FindsAliasesSubaddressesGroupsAndCatchAll) {
  auto principal = must(directory->principal(ada));
  principal.addresses.push_back("info@example.org");
  must(directory->update_principal(principal));
  must(deliver("ADA@example.org"));
  must(deliver("info@example.org"));
  must(deliver("ada+lists@example.org"));
  EXPECT_EQ(in_inbox(ada), 3U);
  directory::NewPrincipal group;
  group.kind = directory::PrincipalKind::group;
  group.address = "all@example.org";
  group.name = "All";
  auto all = must(directory->add_principal(group));
  all.members = {ada, ben};
  must(directory->update_principal(all));
  must(deliver("all@example.org"));
  EXPECT_EQ(in_inbox(ada), 4U);
  EXPECT_EQ(in_inbox(ben), 1U);
  auto nobody = deliver("nobody@example.org");
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, Errc::not_found);
  auto foreign = deliver("x@example.com");
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, Errc::denied);
  auto domain = must(directory->domain("example.org"));
  domain.catch_all = ben;
  must(directory->update_domain(domain));
  must(deliver("nobody@example.org"));
  EXPECT_EQ(in_inbox(ben), 2U);
  expect_sound();
}

TEST_F(DeliveryTest, ADetailReachesAFolderThatIsOpenToEveryone) {
  auto account = open(ada);
  FolderId lists;
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY(lists, t.create_folder({.parent = {}, .name = "lists"}));
    return {};
  }));
  must(deliver("ada+lists@example.org"));
  EXPECT_EQ(folder(*account, lists)->total, 0U);
  must(account->update(as(ada), [&](Transaction& t) {
    Transaction::FolderChange change;
    change.grants = std::vector<Grant>{{PrincipalId(), right::kPost}};
    return t.change_folder(lists, change);
  }));
  must(deliver("ada+lists@example.org"));
  EXPECT_EQ(folder(*account, lists)->total, 1U);
}

TEST_F(DeliveryTest, TellsFullAndSuspendedMailboxes) {
  auto principal = must(directory->principal(ada));
  principal.quota = 500;
  must(directory->update_principal(principal));
  Delivery delivery(*accounts, *directory);
  EXPECT_TRUE(delivery.accepts("ada@example.org", 100));
  EXPECT_EQ(delivery.accepts("ada@example.org", 1000).error().code, Errc::over_quota);
  EXPECT_EQ(deliver("ada@example.org", mail("x", "", std::string(600, 'x'))).error().code, Errc::over_quota);
  principal.quota = 0;
  principal.quota_messages = 2;
  must(directory->update_principal(principal));
  must(deliver("ada@example.org"));
  EXPECT_TRUE(delivery.accepts("ada@example.org", 1));
  must(deliver("ada@example.org"));
  EXPECT_EQ(delivery.accepts("ada@example.org", 1).error().code, Errc::over_quota);
  EXPECT_EQ(deliver("ada@example.org").error().code, Errc::over_quota) << "as many messages as it may have";
  principal.quota_messages = 0;
  principal.status = directory::Status::suspended;
  must(directory->update_principal(principal));
  EXPECT_EQ(delivery.accepts("ada@example.org", 1).error().code, Errc::unavailable);
  EXPECT_EQ(deliver("ada@example.org").error().code, Errc::unavailable);
  principal.status = directory::Status::inactive;
  must(directory->update_principal(principal));
  EXPECT_TRUE(deliver("ada@example.org")) << "an account that is being moved in takes mail";
}

}  // namespace
}  // namespace kontor::groupware
