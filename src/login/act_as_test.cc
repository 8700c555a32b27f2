// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/act_as.h"

#include <gtest/gtest.h>

#include "store/memory.h"

namespace kontor::login {
namespace {

using directory::Principal;
using directory::PrincipalKind;
using directory::Protocol;
using directory::Role;

class ActAsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::string name : {"acme", "other"}) {
      const auto tenant = directory_->add_tenant(name).value();
      ASSERT_TRUE(directory_->add_domain(tenant.id, name + ".org"));
    }
    for (const char* address : {"root@acme.org", "boss@acme.org", "ada@acme.org", "ben@acme.org", "eve@other.org"})
      add(PrincipalKind::user, address);
    give("root@acme.org", Role::server_admin);
    give("boss@acme.org", Role::tenant_admin);
    Principal desk = add(PrincipalKind::shared, "desk@acme.org");
    desk.members = {found("ada@acme.org").id, found("ben@acme.org").id};
    desk.managers = {found("ada@acme.org").id};
    ASSERT_TRUE(directory_->update_principal(desk));
    add(PrincipalKind::group, "team@acme.org");
    Principal gone = add(PrincipalKind::user, "gone@acme.org");
    gone.status = directory::Status::suspended;
    ASSERT_TRUE(directory_->update_principal(gone));
  }

  Principal add(PrincipalKind kind, const std::string& address) {
    return directory_->add_principal({kind, address, "", {}, {}}).value();
  }
  Principal found(const std::string& address) { return directory_->by_address(address).value(); }
  void give(const std::string& address, Role role) {
    Principal one = found(address);
    one.roles = {role};
    ASSERT_TRUE(directory_->update_principal(one));
  }

  FakeClock clock_{Instant(std::chrono::seconds(1'700'000'000))};
  std::unique_ptr<store::Engine> engine_ = store::open_memory();
  std::unique_ptr<directory::Directory> directory_ =
      directory::Directory::open(*engine_, clock_, {.memory_kib = 64, .passes = 1}).value();
};

TEST_F(ActAsTest, WhoMay) {
  struct Case {
    const char* who;
    const char* as;
    bool may;
    const char* why;
  };
  const Case cases[] = {
      {"ada@acme.org", "ada@acme.org", true, "oneself"},
      {"ada@acme.org", "ADA@acme.org", true, "oneself, in capitals"},
      {"ada@acme.org", "ben@acme.org", false, "no role"},
      {"boss@acme.org", "ada@acme.org", true, "an administrator of the tenant"},
      {"boss@acme.org", "desk@acme.org", true, "a mailbox of the tenant"},
      {"boss@acme.org", "eve@other.org", false, "another tenant"},
      {"boss@acme.org", "root@acme.org", false, "who is above him"},
      {"root@acme.org", "eve@other.org", true, "an administrator of the server"},
      {"ada@acme.org", "desk@acme.org", true, "a manager of the mailbox"},
      {"ben@acme.org", "desk@acme.org", false, "a member only"},
      {"boss@acme.org", "team@acme.org", false, "a group has no folders"},
      {"boss@acme.org", "gone@acme.org", false, "who may not log in"},
      {"boss@acme.org", "nobody@acme.org", false, "nobody"},
      {"boss@acme.org", "no address", false, "no address"},
  };
  for (const auto& c : cases) {
    const auto as = act_as(*directory_, found(c.who), c.as, Protocol::imap);
    EXPECT_EQ(as.has_value(), c.may) << c.why;
    if (as) EXPECT_EQ(as->id, found(c.as).id) << c.why;
  }
}

}  // namespace
}  // namespace kontor::login
