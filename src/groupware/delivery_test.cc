// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/delivery.h"

#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

class DeliveryTest : public AccountsTest {
 protected:
  Result<Delivered> deliver(const std::string& address, const std::string& bytes = mail("hello")) {
    return Delivery(*accounts, *directory, clock, over_quota).deliver(address, stage(bytes), {"", fingerprint});
  }
  PrincipalId add_group(const std::string& address, std::vector<PrincipalId> members) {
    directory::NewPrincipal group;
    group.kind = directory::PrincipalKind::group;
    group.address = address;
    group.name = "Group";
    auto made = must(directory->add_principal(group));
    made.members = std::move(members);
    must(directory->update_principal(made));
    return made.id;
  }
  void set_quota(PrincipalId who, std::uint64_t bytes) {
    auto principal = must(directory->principal(who));
    principal.quota = bytes;
    must(directory->update_principal(principal));
  }
  QuotaPolicy over_quota = QuotaPolicy::defer;
  std::string fingerprint;
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
  add_group("all@example.org", {ada, ben});
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
  Delivery delivery(*accounts, *directory, clock);
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

TEST_F(DeliveryTest, AGroupsMembersGetAMessageOnceThoughItComesAgain) {
  const PrincipalId cleo = add_user("cleo@example.org");
  const PrincipalId pair = add_group("pair@example.org", {ada, cleo});
  add_group("all@example.org", {ben, pair, ada});
  set_quota(cleo, 100);
  const std::string first = "Received: at noon\r\n" + mail("x", "", std::string(200, 'x'));
  const std::string later = "Received: an hour later\r\n" + mail("x", "", std::string(200, 'x'));
  fingerprint = "the same message";
  for (const std::string& bytes : {first, later}) {
    const auto deferred = deliver("all@example.org", bytes);
    ASSERT_FALSE(deferred);
    EXPECT_EQ(deferred.error().code, Errc::unavailable);
    EXPECT_EQ(deferred.error().text, "1 of 3 members of the list cannot take mail now; the others have it");
    EXPECT_EQ(in_inbox(ada), 1U);
    EXPECT_EQ(in_inbox(ben), 1U);
    EXPECT_EQ(in_inbox(cleo), 0U);
    reopen();  // what is noted is durable
  }
  EXPECT_FALSE(deliver("pair@example.org", first)) << "a note is of one group";
  EXPECT_EQ(in_inbox(ada), 2U);
  set_quota(cleo, 10'000);
  must(deliver("all@example.org", later));
  EXPECT_EQ(in_inbox(ada), 2U);
  EXPECT_EQ(in_inbox(ben), 1U);
  EXPECT_EQ(in_inbox(cleo), 1U);
  must(deliver("all@example.org", later));
  EXPECT_EQ(in_inbox(ben), 2U) << "when all had it, it was over: this is another one";
  expect_sound();
}

TEST_F(DeliveryTest, NotesOfGroupsEndAfterAWeek) {
  add_group("all@example.org", {ada, ben});
  set_quota(ben, 10);
  EXPECT_FALSE(deliver("all@example.org"));
  clock.advance(std::chrono::hours(24 * 6));
  must(accounts->sweep());
  EXPECT_FALSE(deliver("all@example.org"));
  EXPECT_EQ(in_inbox(ada), 1U);
  clock.advance(std::chrono::hours(24 * 2));
  must(accounts->sweep());
  EXPECT_FALSE(deliver("all@example.org"));
  EXPECT_EQ(in_inbox(ada), 2U);
}

TEST_F(DeliveryTest, OneWhoIsFullForGoodKeepsNobodyWaiting) {
  over_quota = QuotaPolicy::reject;
  add_group("all@example.org", {ada, ben});
  set_quota(ben, 10);
  must(deliver("all@example.org"));
  EXPECT_EQ(in_inbox(ada), 1U);
  EXPECT_EQ(in_inbox(ben), 0U);
  set_quota(ada, 10);
  const auto refused = deliver("all@example.org");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::over_quota);
}

}  // namespace
}  // namespace kontor::groupware
