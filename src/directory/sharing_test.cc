// SPDX-License-Identifier: AGPL-3.0-or-later
// Several directories on one store, reopening, ids, and a store that fails.
#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "directory/testing.h"
#include "store/rocksdb/rocksdb.h"

namespace kontor::directory {
namespace {

// Passes everything on; can be told to refuse commits or reads, as a full disk or a lost connection would.
class WeakEngine final : public store::Engine {
 public:
  explicit WeakEngine(store::Engine& inner) : inner_(inner) {}

  Result<std::unique_ptr<store::Snapshot>> snapshot(store::Partition partition) override {
    if (refuse_reads) return fail(Errc::unavailable, "the store cannot be reached");
    return inner_.snapshot(partition);
  }
  Result<void> commit(store::Partition partition, const store::Batch& batch, store::Durability durability) override {
    if (refuse_commits) return fail(Errc::unavailable, "the disk is full");
    if (before_commit) std::exchange(before_commit, nullptr)();
    commits.push_back(durability);
    return inner_.commit(partition, batch, durability);
  }
  Result<void> drop(store::Partition partition) override { return inner_.drop(partition); }
  Result<std::vector<store::Partition>> partitions() override { return inner_.partitions(); }
  std::uint64_t disk_bytes() override { return inner_.disk_bytes(); }

  bool refuse_reads = false;
  bool refuse_commits = false;
  std::function<void()> before_commit;  // once
  std::vector<store::Durability> commits;

 private:
  store::Engine& inner_;
};

TEST_F(DirectoryTest, TwoDirectoriesSeeEachOthersChanges) {
  auto second = opened(*engine, clock);
  Principal ada = add("ada@example.org");
  auto bob = second->add_principal({PrincipalKind::user, "bob@example.org", "", Status::active, std::nullopt});
  ASSERT_TRUE(bob);
  EXPECT_GT(bob->id, ada.id);
  EXPECT_TRUE(second->by_address("ada@example.org"));
  ASSERT_TRUE(second->set_password(ada.id, "secret"));
  EXPECT_TRUE(directory->authenticate("ada@example.org", "secret", Protocol::imap)) << "a login looks for changes";
  ASSERT_TRUE(second->set_password(ada.id, "other"));
  EXPECT_FALSE(directory->authenticate("ada@example.org", "secret", Protocol::imap)) << "though it was remembered";
  ASSERT_TRUE(second->remove_principal(ada.id));
  EXPECT_FALSE(directory->authenticate("ada@example.org", "other", Protocol::imap));
  EXPECT_TRUE(
      fails(directory->add_principal({PrincipalKind::user, "bob@example.org", "", Status::active, std::nullopt}),
            Errc::exists, "belongs to user bob@example.org already"));
  expect_clean();
}

// The other one commits between our check and our commit: the address may go to one only.
TEST_F(DirectoryTest, OfTwoChangesAtOnceOneIsMadeAgain) {
  WeakEngine weak(*engine);
  auto second = opened(weak, clock);
  weak.before_commit = [&] { add("ada@example.org"); };
  EXPECT_TRUE(fails(second->add_principal({PrincipalKind::user, "ada@example.org", "", Status::active, std::nullopt}),
                    Errc::exists, "already"));
  PrincipalId theirs;
  weak.before_commit = [&] { theirs = add("bob@example.org").id; };
  auto cyd = second->add_principal({PrincipalKind::user, "cyd@example.org", "", Status::active, std::nullopt});
  ASSERT_TRUE(cyd) << cyd.error().text;
  EXPECT_EQ(cyd->id.value, theirs.value + 1) << "no id is given twice";
  weak.before_commit = [&] { ASSERT_TRUE(directory->remove_domain(directory->domain("other.example")->id)); };
  EXPECT_TRUE(fails(second->add_principal({PrincipalKind::user, "x@other.example", "", Status::active, std::nullopt}),
                    Errc::invalid, "no domain other.example"));
  for (store::Durability durability : weak.commits) EXPECT_EQ(durability, store::Durability::durable);
  expect_clean();
}

TEST_F(DirectoryTest, ManyThreadsOnTwoDirectories) {
  auto second = opened(*engine, clock);
  constexpr int kThreads = 4, kEach = 25;
  std::atomic<int> won{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      Directory& mine = t % 2 == 0 ? *directory : *second;
      for (int i = 0; i < kEach; ++i) {
        // All fight for shared-<i>; own-<t>-<i> is free for each.
        auto fought = mine.add_principal(
            {PrincipalKind::user, "shared-" + std::to_string(i) + "@example.org", "", Status::active, std::nullopt});
        won += fought ? 1 : 0;
        if (!fought) {
          EXPECT_EQ(fought.error().code, Errc::exists) << fought.error().text;
        }
        std::string own = "own-" + std::to_string(t) + "-" + std::to_string(i) + "@example.org";
        EXPECT_TRUE(mine.add_principal({PrincipalKind::user, own, "", Status::active, std::nullopt}));
        EXPECT_TRUE(mine.resolve(own));
      }
    });
  std::thread reader([&] {
    for (int i = 0; i < 200; ++i) {
      for (const Principal& one : directory->principals({})) EXPECT_TRUE(directory->by_address(one.primary_address()));
      EXPECT_FALSE(directory->authenticate("nobody@example.org", "x", Protocol::imap));
    }
  });
  for (std::thread& thread : threads) thread.join();
  reader.join();
  EXPECT_EQ(won, kEach);
  auto fresh = opened(*engine, clock);
  std::set<PrincipalId> ids;
  for (const Principal& one : fresh->principals({})) ids.insert(one.id);
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kEach + kThreads * kEach));
  auto faults = fresh->check();
  ASSERT_TRUE(faults);
  EXPECT_TRUE(faults->empty());
}

TEST_F(DirectoryTest, ReopensAsItWas) {
  Principal ada = add("ada@example.org");
  ada.name = "Ada";
  ada.addresses.push_back("a@example.org");
  ada.roles = {Role::tenant_admin};
  ada.quota = 17;
  ada.protocols = 3;
  ada.status = Status::inactive;
  ASSERT_TRUE(directory->update_principal(ada));
  Principal staff = add("staff@example.org", PrincipalKind::group);
  set_members(staff.id, {ada.id});
  Domain domain = directory->domain("example.org").value();
  domain.catch_all = staff.id;
  domain.subaddressing = false;
  ASSERT_TRUE(directory->update_domain(domain));

  auto again = opened(*engine, clock);
  Principal read = again->principal(ada.id).value();
  EXPECT_EQ(read.tenant, ada.tenant);
  EXPECT_EQ(read.kind, ada.kind);
  EXPECT_EQ(read.name, "Ada");
  EXPECT_EQ(read.addresses, ada.addresses);
  EXPECT_EQ(read.roles, ada.roles);
  EXPECT_EQ(read.quota, 17u);
  EXPECT_EQ(read.protocols, 3u);
  EXPECT_EQ(read.status, Status::inactive);
  EXPECT_EQ(read.created, ada.created);
  EXPECT_EQ(again->groups_of(ada.id), std::vector<PrincipalId>{staff.id});
  EXPECT_EQ(again->domain("example.org")->catch_all, staff.id);
  EXPECT_FALSE(again->domain("example.org")->subaddressing);
  EXPECT_EQ(again->tenant("acme")->recoverable_days, 14u);
  EXPECT_EQ(again->principals(acme.id).size(), 2u);
}

TEST_F(DirectoryTest, IdsAreNeverGivenTwice) {
  std::set<std::uint64_t> seen{acme.id.value, other.id.value, directory->domain("example.org")->id.value,
                               directory->domain("other.example")->id.value};
  ASSERT_EQ(seen.size(), 4u);
  for (int round = 0; round < 5; ++round) {
    Principal one = add("ada@example.org");
    EXPECT_TRUE(seen.insert(one.id.value).second);
    EXPECT_TRUE(seen.insert(directory->add_app_password(one.id, "x", 1)->info.id).second);
    Tenant tenant = directory->add_tenant("passing").value();
    EXPECT_TRUE(seen.insert(tenant.id.value).second);
    Domain domain = directory->add_domain(tenant.id, "passing.example").value();
    EXPECT_TRUE(seen.insert(domain.id.value).second);
    ASSERT_TRUE(directory->remove_domain(domain.id));
    ASSERT_TRUE(directory->remove_tenant(tenant.id));
    ASSERT_TRUE(directory->remove_principal(one.id));
    directory = opened(*engine, clock);  // everything removed, then read anew
  }
  expect_clean();
}

TEST_F(DirectoryTest, AStoreThatFailsChangesNothing) {
  WeakEngine weak(*engine);
  Principal ada = add("ada@example.org");
  ASSERT_TRUE(directory->set_password_hash(ada.id, "{SSHA}v3m82wDj1Omp6bu+EKae0DBP1JCjvg62"));
  auto second = opened(weak, clock);
  weak.refuse_commits = true;
  EXPECT_TRUE(fails(second->add_tenant("new"), Errc::unavailable, "disk is full"));
  EXPECT_TRUE(fails(second->tenant("new"), Errc::not_found, ""));
  EXPECT_TRUE(fails(second->remove_principal(ada.id), Errc::unavailable, ""));
  EXPECT_TRUE(second->principal(ada.id));
  EXPECT_TRUE(fails(second->set_password(ada.id, "other"), Errc::unavailable, ""));
  EXPECT_TRUE(second->authenticate("ada@example.org", "secret", Protocol::imap)) << "only the new hash cannot be kept";
  weak.refuse_commits = false;
  EXPECT_EQ(second->add_tenant("new")->name, "new") << "later changes succeed";
  weak.refuse_reads = true;
  EXPECT_TRUE(fails(second->authenticate("ada@example.org", "secret", Protocol::imap), Errc::unavailable, ""));
  EXPECT_TRUE(fails(second->add_tenant("more"), Errc::unavailable, ""));
  EXPECT_TRUE(fails(second->check(), Errc::unavailable, ""));
  EXPECT_TRUE(second->resolve("ada@example.org")) << "look-ups need no store";
  EXPECT_FALSE(Directory::open(weak, clock, kCheapCost));
  weak.refuse_reads = false;
  expect_clean();
}

TEST(DirectoryOnDisk, SurvivesClosing) {
  auto folder =
      std::filesystem::temp_directory_path() /
      ("kontor-directory-test-" + std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()));
  PrincipalId removed;
  {
    auto engine = store::open_rocksdb(folder.string());
    ASSERT_TRUE(engine) << engine.error().text;
    auto directory = opened(**engine, system_clock());
    TenantId tenant = directory->add_tenant("acme")->id;
    ASSERT_TRUE(directory->add_domain(tenant, "example.org"));
    NewPrincipal wanted;
    wanted.address = "ada@example.org";
    ASSERT_TRUE(directory->set_password(directory->add_principal(wanted)->id, "secret"));
    wanted.address = "bob@example.org";
    removed = directory->add_principal(wanted)->id;
    ASSERT_TRUE(directory->remove_principal(removed));
  }
  {
    auto engine = store::open_rocksdb(folder.string());
    ASSERT_TRUE(engine) << engine.error().text;
    auto directory = opened(**engine, system_clock());
    EXPECT_TRUE(directory->authenticate("ada@example.org", "secret", Protocol::imap));
    EXPECT_EQ(directory->principals({}).size(), 1u);
    NewPrincipal wanted;
    wanted.address = "bob@example.org";
    EXPECT_GT(directory->add_principal(wanted)->id, removed);
    EXPECT_TRUE(directory->check()->empty());
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace kontor::directory
