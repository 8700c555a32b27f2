// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/bulk.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

constexpr std::uint32_t kMany = 10'000;

class BulkTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    account = open(ada);
    in = inbox(*account);
    must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
      TRY(target, t.create_folder({.parent = {}, .name = "Target"}));
      return {};
    }));
  }
  void fill(FolderId folder, std::uint32_t count) {
    NewItem item;
    item.content = stage(mail("one of many"));
    for (std::uint32_t done = 0; done < count;) {
      const std::uint32_t last = std::min(count, done + 1000);
      must(account->update(Caller::system(), [&](Transaction& t) -> Result<void> {
        for (std::uint32_t i = done; i < last; ++i) TRY_VOID(t.add(folder, item));
        return {};
      }));
      done = last;
    }
  }
  std::vector<Uid> uids(FolderId folder) {
    const auto present = view(*account, folder);
    std::vector<Uid> out;
    for (std::uint32_t i = 0; i < present->size(); ++i) out.push_back(present->at(i).uid);
    return out;
  }
  BulkCopy job(CopyMode mode) {
    return {in, uids(in), mode, false, [this](const Transaction&) -> Result<FolderId> { return target; }};
  }
  std::size_t removed() {
    std::size_t count = 0;
    must(must(account->read(Caller::system()))->removed_items(Instant(), Instant::max(), [&](const RemovedItem&) {
      ++count;
      return true;
    }));
    return count;
  }
  // How many updates of somebody else came through while `work` ran.
  int beside(const std::function<void()>& work) {
    std::atomic<bool> ends = false;
    int updates = 0;
    std::thread other([&] {
      while (!ends) {
        must(account->update(Caller::system(), [&](Transaction& t) -> Result<void> {
          return t.subscribe_other("Lists/" + std::to_string(updates % 10), updates % 20 < 10);
        }));
        ++updates;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    work();
    ends = true;
    other.join();
    return updates;
  }
  std::shared_ptr<Account> account;
  FolderId in, target;
};

TEST_F(BulkTest, HugeFoldersLetOthersInBetween) {
  fill(in, kMany);
  BulkCopied done;
  const int copying = beside([&] { must(copy_messages(*account, as(ada), job(CopyMode::copy), done)); });
  EXPECT_GE(copying, 5);
  EXPECT_EQ(done.messages.size(), kMany);
  EXPECT_EQ(folder(*account, target)->total, kMany);
  const int moving = beside([&] { must(copy_messages(*account, as(ada), job(CopyMode::move), done)); });
  EXPECT_GE(moving, 5);
  EXPECT_EQ(folder(*account, in)->total, 0U);
  EXPECT_EQ(folder(*account, target)->total, 2 * kMany);
  const int removing = beside([&] {
    must(account->update(as(ada), [&](Transaction& t) { return t.remove_folder(target); }));
    EXPECT_FALSE(account->folders()->find(target)) << "at once";
    accounts->finish_removals();
  });
  EXPECT_GE(removing, 5);
  EXPECT_EQ(must(account->read(Caller::system()))->usage().items, 0U);
  EXPECT_EQ(removed(), 2 * kMany) << "they can be recovered";
  expect_sound(false);
}

TEST_F(BulkTest, ACopyThatFailsIsTakenBack) {
  fill(in, 1200);
  auto broken = job(CopyMode::copy);
  broken.uids.back() = Uid(5000);  // there is no such message: the second slice finds out
  BulkCopied done;
  const auto failed = copy_messages(*account, as(ada), broken, done);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::not_found);
  EXPECT_TRUE(done.is_missing);
  EXPECT_EQ(folder(*account, target)->total, 0U);
  EXPECT_EQ(removed(), 0U) << "nobody needs to recover what nobody wanted";
  broken.passes_over_missing = true;
  must(copy_messages(*account, as(ada), broken, done));
  EXPECT_EQ(folder(*account, target)->total, 1199U);
  broken.mode = CopyMode::move;
  broken.passes_over_missing = false;
  EXPECT_FALSE(copy_messages(*account, as(ada), broken, done));
  EXPECT_EQ(done.messages.size(), 1000U) << "what a move has moved stays";
  EXPECT_EQ(folder(*account, target)->total, 2199U);
  EXPECT_EQ(folder(*account, in)->total, 200U);
  expect_sound();
}

TEST_F(BulkTest, ACopyThatFailsInAHeldAccountIsTakenBackToo) {
  fill(in, 1200);
  directory::Principal held = must(directory->principal(ada));
  held.holds.push_back({"case 7", "", clock.now(), ""});
  must(directory->update_principal(held));
  auto broken = job(CopyMode::copy);
  broken.uids.back() = Uid(5000);
  BulkCopied done;
  EXPECT_FALSE(copy_messages(*account, as(ada), broken, done));
  EXPECT_EQ(folder(*account, target)->total, 0U);
  EXPECT_EQ(removed(), 1000U) << "nothing of a held account goes for good";
  account.reset();
  reopen();
  account = open(ada);
  EXPECT_EQ(removed(), 1000U) << "nothing is left to take back";
  expect_sound();
}

TEST_F(BulkTest, AHugeCopyThatHasNoRoomDoesNotBegin) {
  fill(in, 1500);
  auto principal = must(directory->principal(ada));
  principal.quota = must(account->read(as(ada)))->usage().bytes * 3 / 2;
  must(directory->update_principal(principal));
  const Modseq before = account->modseq();
  BulkCopied done;
  const auto failed = copy_messages(*account, as(ada), job(CopyMode::copy), done);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::over_quota);
  EXPECT_EQ(account->modseq(), before);
}

// As after a kill: the copy's thread never comes to its end, and the account is opened anew.
TEST_F(BulkTest, ACopyThatACrashBrokeOffIsTakenBack) {
  fill(in, 1200);
  auto dying = job(CopyMode::copy);
  int slices = 0;
  dying.target = [&](const Transaction&) -> Result<FolderId> {
    if (++slices == 2) throw std::runtime_error("killed");
    return target;
  };
  BulkCopied done;
  EXPECT_THROW((void)copy_messages(*account, as(ada), dying, done), std::runtime_error);
  EXPECT_EQ(folder(*account, target)->total, 1000U);
  expect_sound();
  account.reset();
  reopen();
  account = open(ada);
  EXPECT_EQ(folder(*account, target)->total, 0U);
  EXPECT_EQ(removed(), 0U);
  account.reset();
  reopen();
  expect_sound();
}

TEST_F(BulkTest, ARemovalGoesOnAfterARestart) {
  fill(target, 1200);
  FolderId child;
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY(child, t.create_folder({.parent = target, .name = "Child"}));
    return {};
  }));
  accounts = nullptr;
  account = nullptr;
  accounts = Accounts::make(*engine, *directory, clock, options);
  account = open(ada);
  must(account->update(as(ada), [&](Transaction& t) { return t.remove_folder(target); }));
  account.reset();
  reopen();  // as soon as the slice at work is through
  expect_sound();
  account = open(ada);
  accounts->finish_removals();
  EXPECT_EQ(must(account->read(Caller::system()))->usage().items, 0U);
  EXPECT_EQ(account->folders()->path(child), "Target/Child");
  EXPECT_TRUE(account->folders()->at_path("Target")->is_container);
  EXPECT_EQ(removed(), 1200U);
  expect_sound();
}

}  // namespace
}  // namespace kontor::groupware
