// SPDX-License-Identifier: AGPL-3.0-or-later
// Tenants, domains and principals: what changes do, what they refuse, and with which words.
#include "directory/directory.h"

#include "directory/testing.h"

namespace kontor::directory {
namespace {

TEST_F(DirectoryTest, Tenants) {
  EXPECT_EQ(directory->tenant("ACME")->id, acme.id);
  EXPECT_EQ(directory->tenant(acme.id)->name, "acme");
  EXPECT_TRUE(fails(directory->add_tenant("Acme"), Errc::exists, "there is a tenant acme already"));
  EXPECT_TRUE(fails(directory->add_tenant("a b"), Errc::invalid, "not a name for a tenant"));
  EXPECT_TRUE(fails(directory->tenant("nobody"), Errc::not_found, "no tenant \"nobody\""));

  Tenant changed = acme;
  changed.name = "Acme-New";
  changed.status = Status::inactive;
  changed.default_quota = 5;
  changed.recoverable_days = 0;
  changed.metadata = {{"/shared/comment", "Ask the desk"}};
  ASSERT_TRUE(directory->update_tenant(changed));
  EXPECT_EQ(directory->tenant("acme-new")->metadata, changed.metadata);
  EXPECT_EQ(directory->tenant("acme-new")->default_quota, 5u);
  EXPECT_EQ(directory->tenant("acme-new")->recoverable_days, 0u);
  EXPECT_EQ(directory->tenant("acme-new")->status, Status::inactive);
  EXPECT_TRUE(fails(directory->tenant("acme"), Errc::not_found, ""));
  changed.name = "other";
  EXPECT_TRUE(fails(directory->update_tenant(changed), Errc::exists, "tenant other already"));
  changed.name = "acme";
  changed.recoverable_days = 100'000;
  EXPECT_TRUE(fails(directory->update_tenant(changed), Errc::invalid, "36500 days"));
  changed.id = TenantId(999);
  EXPECT_TRUE(fails(directory->update_tenant(changed), Errc::not_found, "no tenant 999"));

  EXPECT_TRUE(fails(directory->remove_tenant(other.id), Errc::conflict, "1 domains and 0 principals"));
  EXPECT_TRUE(fails(directory->remove_tenant(TenantId(999)), Errc::not_found, "no tenant 999"));
  ASSERT_TRUE(directory->remove_domain(directory->domain("other.example")->id));
  ASSERT_TRUE(directory->remove_tenant(other.id));
  EXPECT_EQ(directory->tenants().size(), 1u);
  expect_clean();
}

TEST_F(DirectoryTest, Domains) {
  EXPECT_TRUE(fails(directory->add_domain(other.id, "Example.Org"), Errc::exists,
                    "domain example.org belongs to tenant acme already"));
  EXPECT_TRUE(fails(directory->add_domain(TenantId(999), "new.example"), Errc::not_found, "no tenant 999"));
  EXPECT_TRUE(fails(directory->add_domain(acme.id, "not a domain"), Errc::invalid, "is not a domain name"));
  auto idn = directory->add_domain(acme.id, "Bücher.example");
  ASSERT_TRUE(idn);
  EXPECT_EQ(idn->name, "xn--bcher-kva.example");
  EXPECT_EQ(directory->domain("BÜCHER.example")->id, idn->id);
  EXPECT_EQ(directory->domains(acme.id).size(), 2u);
  EXPECT_EQ(directory->domains({}).size(), 3u);

  Principal ada = add("ada@example.org");
  Principal eve = add("eve@other.example");
  Domain domain = directory->domain("example.org").value();
  domain.catch_all = ada.id;
  domain.subaddressing = false;
  ASSERT_TRUE(directory->update_domain(domain));
  EXPECT_EQ(directory->domain("example.org")->catch_all, ada.id);
  EXPECT_FALSE(directory->domain("example.org")->subaddressing);
  domain.catch_all = eve.id;
  EXPECT_TRUE(fails(directory->update_domain(domain), Errc::invalid, "another tenant"));
  domain.catch_all = PrincipalId(999);
  EXPECT_TRUE(fails(directory->update_domain(domain), Errc::invalid, "none of that number"));
  domain.catch_all = {};
  domain.name = "renamed.example";
  EXPECT_TRUE(fails(directory->update_domain(domain), Errc::invalid, "cannot change its name"));
  domain.id = DomainId(999);
  EXPECT_TRUE(fails(directory->update_domain(domain), Errc::not_found, "no domain 999"));

  EXPECT_TRUE(fails(directory->remove_domain(directory->domain("example.org")->id), Errc::conflict,
                    "used by 1 principals still, for example as ada@example.org"));
  EXPECT_TRUE(fails(directory->remove_domain(DomainId(999)), Errc::not_found, "no domain 999"));
  EXPECT_TRUE(directory->remove_domain(idn->id));
  EXPECT_TRUE(fails(directory->domain("bücher.example"), Errc::not_found, ""));
  expect_clean();
}

TEST_F(DirectoryTest, PrincipalsAreAddedAndFound) {
  auto added = directory->add_principal({PrincipalKind::user, "Ada@Example.ORG", "Ada Example", Status::inactive, 7});
  ASSERT_TRUE(added);
  EXPECT_EQ(added->tenant, acme.id);
  EXPECT_EQ(added->primary_address(), "ada@example.org");
  EXPECT_EQ(added->created, clock.now());
  EXPECT_EQ(added->status, Status::inactive);
  EXPECT_EQ(added->quota, 7u);
  EXPECT_EQ(directory->by_address("ADA@example.org")->id, added->id);
  EXPECT_EQ(directory->by_account(added->account())->name, "Ada Example");
  EXPECT_TRUE(fails(directory->by_address("nobody@example.org"), Errc::not_found, "nobody has the address"));
  EXPECT_TRUE(fails(directory->by_address("nonsense"), Errc::not_found, "nobody has the address"));
  EXPECT_TRUE(fails(directory->by_account(AccountId(999)), Errc::not_found, "account 999"));
  Principal staff = add("staff@example.org", PrincipalKind::group);
  EXPECT_TRUE(fails(directory->by_account(AccountId(staff.id.value)), Errc::not_found, "")) << "groups have no account";
  add("eve@other.example");
  EXPECT_EQ(directory->principals(acme.id).size(), 2u);
  EXPECT_EQ(directory->principals({}).size(), 3u);
  EXPECT_EQ(directory->principals({})[0].primary_address(), "ada@example.org");
  expect_clean();
}

TEST_F(DirectoryTest, AddingAPrincipalSaysWhatIsWrong) {
  add("ada@example.org");
  NewPrincipal wanted;
  wanted.address = "ADA@example.org";
  EXPECT_TRUE(fails(directory->add_principal(wanted), Errc::exists,
                    "address ada@example.org belongs to user ada@example.org already"));
  wanted.address = "ada@elsewhere.example";
  EXPECT_TRUE(fails(directory->add_principal(wanted), Errc::invalid, "there is no domain elsewhere.example here"));
  wanted.address = "ada";
  EXPECT_TRUE(fails(directory->add_principal(wanted), Errc::invalid, "\"ada\" is not an address: it has no @"));
  wanted.address = "new@example.org";
  wanted.name = "two\nlines";
  EXPECT_TRUE(fails(directory->add_principal(wanted), Errc::invalid, "the name has a control character"));
  wanted.name = std::string(300, 'x');
  EXPECT_TRUE(fails(directory->add_principal(wanted), Errc::invalid, "the name is longer than 256 bytes"));
  wanted.name = "\xff";
  EXPECT_TRUE(fails(directory->add_principal(wanted), Errc::invalid, "the name is not valid UTF-8"));
  EXPECT_EQ(directory->principals({}).size(), 1u);
}

TEST_F(DirectoryTest, UpdatingAPrincipal) {
  ASSERT_TRUE(directory->add_domain(acme.id, "second.example"));
  Principal ada = add("ada@example.org");
  add("bob@example.org");
  Principal wanted = ada;
  wanted.name = "Ada";
  wanted.addresses = {"A.L@second.example", "ada@example.org", "ADA@example.org"};
  wanted.roles = {Role::auditor, Role::helpdesk, Role::auditor};
  wanted.quota = 0;
  wanted.protocols = static_cast<std::uint32_t>(Protocol::imap);
  wanted.kind = PrincipalKind::room;
  wanted.tenant = other.id;
  wanted.created = {};
  ASSERT_TRUE(directory->update_principal(wanted));
  Principal now = directory->principal(ada.id).value();
  EXPECT_EQ(now.addresses, (std::vector<std::string>{"a.l@second.example", "ada@example.org"})) << "each once";
  EXPECT_EQ(now.roles, (std::vector<Role>{Role::auditor, Role::helpdesk}));
  EXPECT_EQ(now.quota, 0u);
  EXPECT_EQ(now.protocols, 1u);
  EXPECT_EQ(now.kind, PrincipalKind::user) << "kind, tenant and creation stay";
  EXPECT_EQ(now.tenant, acme.id);
  EXPECT_EQ(now.created, ada.created);
  EXPECT_EQ(directory->by_address("a.l@second.example")->id, ada.id);

  wanted = now;
  wanted.addresses = {"a.l@second.example"};
  ASSERT_TRUE(directory->update_principal(wanted));
  EXPECT_TRUE(fails(directory->by_address("ada@example.org"), Errc::not_found, ""));
  add("ada@example.org");  // free again

  wanted.addresses = {};
  EXPECT_TRUE(fails(directory->update_principal(wanted), Errc::invalid, "at least one address"));
  wanted.addresses = {"bob@example.org"};
  EXPECT_TRUE(fails(directory->update_principal(wanted), Errc::exists, "belongs to user bob@example.org already"));
  wanted.addresses = {"ada@other.example"};
  EXPECT_TRUE(
      fails(directory->update_principal(wanted), Errc::invalid, "domain other.example belongs to tenant other"));
  wanted.addresses.assign(2000, "x@example.org");
  EXPECT_TRUE(fails(directory->update_principal(wanted), Errc::invalid, "at most 1000 addresses"));
  wanted = now;
  wanted.id = PrincipalId(999);
  EXPECT_TRUE(fails(directory->update_principal(wanted), Errc::not_found, "no principal 999"));
  expect_clean();
}

TEST_F(DirectoryTest, MembersOfGroupsAndSharedMailboxes) {
  Principal ada = add("ada@example.org");
  Principal room = add("room@example.org", PrincipalKind::room);
  Principal eve = add("eve@other.example");
  Principal staff = add("staff@example.org", PrincipalKind::group);
  Principal box = add("info@example.org", PrincipalKind::shared);
  auto set = [&](Principal principal, std::vector<PrincipalId> members) {
    principal.members = std::move(members);
    return directory->update_principal(principal);
  };
  EXPECT_TRUE(fails(set(ada, {room.id}), Errc::invalid, "user ada@example.org cannot have members"));
  EXPECT_TRUE(fails(set(staff, {eve.id}), Errc::invalid,
                    "user eve@other.example cannot be a member of group "
                    "staff@example.org: it belongs to another tenant"));
  EXPECT_TRUE(fails(set(staff, {PrincipalId(999)}), Errc::invalid, "none of that number"));
  EXPECT_TRUE(fails(set(staff, {staff.id}), Errc::invalid, "cannot be its own member"));
  EXPECT_TRUE(fails(set(box, {room.id}), Errc::invalid, "only users and groups can use a shared mailbox"));
  EXPECT_TRUE(set(box, {staff.id, ada.id}));
  EXPECT_TRUE(set(staff, {ada.id, room.id, box.id, ada.id}));
  EXPECT_EQ(directory->principal(staff.id)->members, (std::vector<PrincipalId>{ada.id, room.id, box.id}));
  expect_clean();
}

TEST_F(DirectoryTest, GroupsNeverContainThemselves) {
  Principal a = add("a@example.org", PrincipalKind::group);
  Principal b = add("b@example.org", PrincipalKind::group);
  Principal c = add("c@example.org", PrincipalKind::group);
  set_members(a.id, {b.id});
  set_members(b.id, {c.id});
  Principal wanted = c;
  wanted.members = {a.id};
  EXPECT_TRUE(fails(directory->update_principal(wanted), Errc::invalid,
                    "groups cannot contain themselves: c@example.org, a@example.org, b@example.org, c@example.org"));
  EXPECT_TRUE(directory->principal(c.id)->members.empty());
  expect_clean();
}

TEST_F(DirectoryTest, RemovalLeavesNoTrace) {
  Principal ada = add("ada@example.org");
  Principal bob = add("bob@example.org");
  Principal staff = add("staff@example.org", PrincipalKind::group);
  Principal box = add("info@example.org", PrincipalKind::shared);
  set_members(staff.id, {ada.id, bob.id});
  set_members(box.id, {ada.id});
  Domain domain = directory->domain("example.org").value();
  domain.catch_all = ada.id;
  ASSERT_TRUE(directory->update_domain(domain));
  ASSERT_TRUE(directory->set_password(ada.id, "secret"));

  ASSERT_TRUE(directory->remove_principal(ada.id));
  EXPECT_TRUE(fails(directory->principal(ada.id), Errc::not_found, ""));
  EXPECT_TRUE(fails(directory->by_address("ada@example.org"), Errc::not_found, ""));
  EXPECT_EQ(directory->principal(staff.id)->members, (std::vector<PrincipalId>{bob.id}));
  EXPECT_TRUE(directory->principal(box.id)->members.empty());
  EXPECT_FALSE(directory->domain("example.org")->catch_all);
  EXPECT_TRUE(fails(directory->authenticate("ada@example.org", "secret", Protocol::imap), Errc::denied, ""));
  EXPECT_TRUE(fails(directory->remove_principal(ada.id), Errc::not_found, ""));

  Principal again = add("ada@example.org");
  EXPECT_GT(again.id, box.id) << "the address may be used again, the id may not";
  EXPECT_TRUE(fails(directory->authenticate("ada@example.org", "secret", Protocol::imap), Errc::denied, ""))
      << "the former one's password is gone";
  expect_clean();
}

TEST_F(DirectoryTest, QuotaIsItsOwnOrTheTenants) {
  Principal ada = add("ada@example.org");
  EXPECT_EQ(directory->quota_bytes(ada.id), 0u);
  acme.default_quota = 1000;
  ASSERT_TRUE(directory->update_tenant(acme));
  EXPECT_EQ(directory->quota_bytes(ada.id), 1000u);
  ada.quota = 5;
  ASSERT_TRUE(directory->update_principal(ada));
  EXPECT_EQ(directory->quota_bytes(ada.id), 5u);
  ada.quota = 0;
  ASSERT_TRUE(directory->update_principal(ada));
  EXPECT_EQ(directory->quota_bytes(ada.id), 0u) << "explicitly unlimited";
  EXPECT_EQ(directory->quota_messages(ada.id), 0u);
  ada.quota_messages = 7;
  ASSERT_TRUE(directory->update_principal(ada));
  EXPECT_EQ(directory->quota_messages(ada.id), 7u);
  EXPECT_EQ(directory->principal(ada.id)->quota_messages, 7u);
}

}  // namespace
}  // namespace kontor::directory
