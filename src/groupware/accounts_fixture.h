// SPDX-License-Identifier: AGPL-3.0-or-later
// A small organisation on the in-memory engine, for tests of the core.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "directory/directory.h"
#include "groupware/accounts.h"
#include "store/memory.h"

namespace kontor::groupware {

// Takes the value or fails the test with the error's sentence.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(std::string(name(result.error().code)) + ": " + result.error().text);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

class AccountsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory = must(directory::Directory::open(*engine, clock, {.memory_kib = 64, .passes = 1}));
    tenant = must(directory->add_tenant("acme")).id;
    must(directory->add_domain(tenant, "example.org"));
    ada = add_user("ada@example.org");
    ben = add_user("ben@example.org");
    reopen();
  }

  PrincipalId add_user(const std::string& address) {
    directory::NewPrincipal user;
    user.address = address;
    user.name = "Someone";
    return must(directory->add_principal(user)).id;
  }

  void reopen() { accounts = Accounts::make(*engine, *directory, clock, options); }

  std::shared_ptr<Account> open(PrincipalId who) { return must(accounts->open(AccountId(who.value))); }
  static Caller as(PrincipalId who) { return Caller::user(who); }

  StagedContent stage(const std::string& bytes, Kind kind = Kind::mail) {
    std::unique_ptr<Stager> stager = accounts->stage(tenant, kind);
    must(stager->write(bytes));
    return must(stager->finish());
  }

  static std::string mail(const std::string& subject, const std::string& headers = "",
                          const std::string& body = "Hello\r\n") {
    return "From: ada@example.org\r\nSubject: " + subject + "\r\n" + headers + "\r\n" + body;
  }

  Added add(Account& account, FolderId folder, const std::string& bytes, std::uint8_t flags = 0) {
    NewItem item;
    item.content = stage(bytes);
    item.flags.flags = flags;
    Added added;
    must(account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      TRY(added, transaction.add(folder, item));
      return {};
    }));
    return added;
  }

  NewItem make_item(Kind kind, const std::string& bytes, const std::string& name = "") {
    NewItem item;
    item.kind = kind;
    item.content = stage(bytes, kind);
    item.name = name;
    return item;
  }

  Result<Added> try_put(Account& account, FolderId folder, const NewItem& item, Caller caller = Caller::system()) {
    Added added;
    const Result<Modseq> done = account.update(caller, [&](Transaction& transaction) -> Result<void> {
      TRY(added, transaction.add(folder, item));
      return {};
    });
    if (!done) return std::unexpected(done.error());
    return added;
  }

  static FolderId by_role(Account& account, FolderRole role) { return account.folders()->by_role(role)->id; }
  static FolderId inbox(Account& account) { return account.folders()->by_role(FolderRole::inbox)->id; }
  static std::shared_ptr<const Folder> folder(Account& account, FolderId id) { return account.folders()->find(id); }
  std::shared_ptr<const FolderView> view(Account& account, FolderId id) {
    return must(must(account.read(Caller::system()))->view(id));
  }
  std::string content(Account& account, ItemId item) {
    auto reader = must(account.read(Caller::system()));
    auto bytes = must(reader->content(item));
    return must(bytes->read(0, bytes->size()));
  }

  void expect_sound(bool read_content = true) {
    CheckReport report = must(accounts->check({.repair = false, .read_content = read_content, .progress = {}}));
    for (const Fault& fault : report.faults) ADD_FAILURE() << fault.where << ": " << fault.what;
  }

  FakeClock clock{Instant(std::chrono::seconds(1'700'000'000))};
  Options options;
  std::unique_ptr<store::Engine> engine = store::open_memory();
  std::unique_ptr<directory::Directory> directory;
  TenantId tenant;
  PrincipalId ada, ben;
  std::unique_ptr<Accounts> accounts;
};

}  // namespace kontor::groupware
