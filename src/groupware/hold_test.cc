// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/hold.h"

#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

class HoldTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    set_period(0);
    account = open(ada);
    in = inbox(*account);
  }
  void set_period(std::uint32_t days) {
    directory::Tenant changed = must(directory->tenant(tenant));
    changed.recoverable_days = days;
    must(directory->update_tenant(changed));
  }
  void hold(PrincipalId who, bool is_on = true) {
    directory::Principal changed = must(directory->principal(who));
    changed.holds.clear();
    if (is_on) changed.holds.push_back({"case 7", "a court says so", clock.now(), "root"});
    must(directory->update_principal(changed));
  }
  void hold_tenant(bool is_on) {
    directory::Tenant changed = must(directory->tenant(tenant));
    changed.holds.clear();
    if (is_on) changed.holds.push_back({"audit", "", clock.now(), ""});
    must(directory->update_tenant(changed));
  }
  std::vector<RemovedItem> kept() {
    std::vector<RemovedItem> out;
    must(must(account->read(Caller::system()))->removed_items(Instant(), Instant::max(), [&](const RemovedItem& one) {
      out.push_back(one);
      return true;
    }));
    return out;
  }
  void remove(FolderId from, Uid uid) {
    must(account->update(as(ada), [&](Transaction& t) { return t.remove(from, uid); }));
  }

  std::shared_ptr<Account> account;
  FolderId in;
};

TEST_F(HoldTest, WhatIsRemovedStaysAndSaysWhoDidIt) {
  const Added before = add(*account, in, mail("before"));
  remove(in, before.uid);
  EXPECT_TRUE(kept().empty()) << "without a hold it is gone at once";
  hold(ada);
  const Added small = add(*account, in, mail("small"));
  const std::string large_mail = mail("large", "", std::string(200'000, 'y'));
  const Added large = add(*account, in, large_mail);
  remove(in, small.uid);
  remove(in, large.uid);
  const auto found = kept();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].by, ada);
  EXPECT_EQ(found[0].from, in);
  EXPECT_EQ(must(account->read(as(ada)))->usage().bytes, 0U) << "nobody pays for it";
  EXPECT_EQ(view(*account, in)->size(), 0U);
  clock.advance(std::chrono::days(400));
  must(accounts->sweep());
  clock.advance(std::chrono::days(2));
  must(accounts->sweep());
  EXPECT_EQ(content(*account, large.item), large_mail);
  EXPECT_EQ(must(count_held(*must(account->read(Caller::system())))).items, 2U);
  const auto purged =
      account->update(Caller::system(), [&](Transaction& t) { return t.purge_removed_item(small.item); });
  ASSERT_FALSE(purged);
  EXPECT_EQ(purged.error().code, Errc::conflict);
  expect_sound();

  hold(ada, false);
  must(accounts->sweep());
  EXPECT_TRUE(kept().empty()) << "the tenant's period is over";
  clock.advance(std::chrono::days(2));
  must(accounts->sweep());
  EXPECT_EQ(must(accounts->check({})).blobs, 0U);
}

TEST_F(HoldTest, AFoldersItemsStayWithIt) {
  hold_tenant(true);
  FolderId projects;
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY(projects, t.create_folder({.parent = {}, .name = "Projects"}));
    return {};
  }));
  for (int i = 0; i < 5; ++i) add(*account, projects, mail("plan"));
  must(account->update(as(ada), [&](Transaction& t) { return t.remove_folder(projects); }));
  accounts->finish_removals();
  const auto found = kept();
  ASSERT_EQ(found.size(), 5U);
  EXPECT_EQ(found[0].by, ada);
  EXPECT_EQ(found[0].from, projects);
  expect_sound();
  must(account->update(Caller::system(), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.restore(found[0].item.id, in));
    return {};
  }));
  EXPECT_EQ(view(*account, in)->size(), 1U);
  hold_tenant(false);
  must(accounts->sweep());
  EXPECT_EQ(kept().size(), 4U) << "those of this second are not older than the period";
  clock.advance(std::chrono::seconds(1));
  must(accounts->sweep());
  EXPECT_TRUE(kept().empty());
}

TEST_F(HoldTest, AHeldAccountCannotBeRemoved) {
  hold(ada);
  auto removed = directory->remove_principal(ada);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, Errc::conflict);
  must(directory->remove_principal(ben));
  hold(ada, false);
  hold_tenant(true);
  EXPECT_FALSE(directory->remove_principal(ada));
  hold_tenant(false);
  must(directory->remove_principal(ada));
}

TEST_F(HoldTest, HoldsAreKeptOnDisk) {
  hold(ada);
  hold_tenant(true);
  const auto again = must(directory::Directory::open(*engine, clock, {.memory_kib = 64, .passes = 1}));
  const directory::Principal who = must(again->principal(ada));
  ASSERT_EQ(who.holds.size(), 1U);
  EXPECT_EQ(who.holds[0].name, "case 7");
  EXPECT_EQ(who.holds[0].reason, "a court says so");
  EXPECT_EQ(who.holds[0].by, "root");
  EXPECT_EQ(who.holds[0].since, clock.now());
  EXPECT_EQ(must(again->tenant(tenant)).holds.at(0).name, "audit");
  EXPECT_FALSE(is_held(*again, AccountId(9'999)));
}

}  // namespace
}  // namespace kontor::groupware
