// SPDX-License-Identifier: AGPL-3.0-or-later
// The directory on a store engine. Several may work on the same store: each change expects the head record that its
// roster was read with, so of two changes at once one loses, reads again and is tried anew.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "directory/directory.h"
#include "directory/draft.h"
#include "directory/login_cache.h"
#include "directory/roster.h"

namespace kontor::directory {

class StoredDirectory final : public Directory {
 public:
  StoredDirectory(store::Engine& engine, const Clock& clock, HashCost cost, Roster roster);

  Result<Tenant> tenant(TenantId id) const override;
  Result<Tenant> tenant(std::string_view name) const override;
  std::vector<Tenant> tenants() const override;
  Result<Domain> domain(std::string_view name) const override;
  std::vector<Domain> domains(TenantId tenant) const override;
  Result<Principal> principal(PrincipalId id) const override;
  Result<Principal> by_address(std::string_view address) const override;
  std::vector<Principal> principals(TenantId tenant) const override;
  Result<Principal> by_account(AccountId account) const override;
  std::uint64_t quota_bytes(PrincipalId id) const override;
  std::uint64_t quota_messages(PrincipalId id) const override;
  std::vector<PrincipalId> groups_of(PrincipalId id) const override;
  std::optional<MemberRole> member_role(PrincipalId mailbox, PrincipalId who) const override;
  SendRight send_right(PrincipalId who, PrincipalId as) const override;
  Shares shares(AccountId account) const override;
  bool shows_to(AccountId account, PrincipalId who, std::uint32_t kinds) const override;
  std::vector<PrincipalId> sharing_with(PrincipalId who, std::uint32_t kinds) const override;
  std::uint64_t list_revision(TenantId tenant) const override;
  ListChanges list_changes(TenantId tenant, std::uint64_t since) const override;
  std::string uuid(PrincipalId id) const override;
  Result<Recipient> resolve(std::string_view address) const override;
  std::vector<PrincipalId> expand(PrincipalId id) const override;

  Result<Tenant> add_tenant(std::string name) override;
  Result<void> update_tenant(const Tenant& tenant) override;
  Result<void> remove_tenant(TenantId id) override;
  Result<Domain> add_domain(TenantId tenant, std::string name) override;
  Result<void> update_domain(const Domain& domain) override;
  Result<void> remove_domain(DomainId id) override;
  Result<Principal> add_principal(const NewPrincipal& wanted) override;
  Result<void> update_principal(const Principal& principal) override;
  Result<void> remove_principal(PrincipalId id) override;
  Result<void> set_photo(PrincipalId id, std::string_view bytes) override;
  Result<std::string> photo(PrincipalId id) override;
  Result<void> set_shares(AccountId account, const Shares& shares) override;

  Result<void> set_password(PrincipalId id, std::string_view password) override;
  Result<void> set_password_hash(PrincipalId id, std::string_view hash) override;
  Result<bool> bring_password_hash(PrincipalId id, std::string_view hash, std::string_view former) override;
  std::string password_hash_digest(PrincipalId id) const override;
  Result<NewAppPassword> add_app_password(PrincipalId id, std::string label, std::uint32_t protocols) override;
  std::vector<AppPassword> app_passwords(PrincipalId id) const override;
  Result<void> remove_app_password(PrincipalId id, std::uint64_t app_password) override;
  Result<Principal> authenticate(std::string_view login, std::string_view password, Protocol protocol) override;
  std::optional<Principal> recognize(std::string_view login, std::string_view password,
                                     Protocol protocol) const override;
  bool may_use(PrincipalId id, Protocol protocol) const override;
  std::unique_ptr<Watch> watch(std::function<void(const Touched&)> notify) override;
  bool has_scram() const override;
  ScramChallenge scram_challenge(std::string_view login) const override;
  Result<ScramSuccess> authenticate_scram(std::string_view login, const ScramProof& proof, Protocol protocol) override;
  Result<Principal> authenticate_proven(std::string_view login, Protocol protocol) override;
  Result<std::vector<std::string>> check() override;

 private:
  // Puts one change into a draft, or refuses. Run again on a newer roster if another directory was quicker.
  using Change = std::function<Result<void>(Draft&)>;
  Result<void> change(const Change& make);
  // With the password, its keys for SCRAM are made; a foreign hash ends those of the former one.
  Result<void> store_hash(PrincipalId id, const std::string& hash, std::optional<std::string_view> password);
  // Keeps up what is stored of a password that was just proven: an Argon2id hash and the keys for SCRAM. `app_password`
  // 0 is the principal's own.
  void renew(const Principal& principal, const Credentials& proven, std::uint64_t app_password,
             std::string_view password);
  // Keys for SCRAM and what they were made with; no rounds: none are kept here.
  struct MadeKeys {
    std::string salt;
    std::uint32_t rounds = 0;
    ScramKeys keys;
  };
  MadeKeys make_keys(PrincipalId id, std::string_view password) const;
  static void put_keys(Credentials& credentials, std::uint64_t app_password, const MadeKeys& made,
                       std::string_view password);
  bool proves(const Principal& principal, const Credentials& credentials, std::string_view login,
              std::string_view password, Protocol protocol);

  class Watching;
  void tell(const Touched& touched);

  std::shared_ptr<const Roster> current() const;
  void publish(std::shared_ptr<const Roster> next);
  // Reads everything anew if another directory has changed the store. Under change_mutex_.
  Result<void> refresh_locked();
  Result<void> refresh();
  Result<bool> is_current();

  store::Engine& engine_;
  const Clock& clock_;
  const HashCost cost_;
  const std::string dummy_hash_;  // of no password: verified where there is no other, to take the same time
  LoginCache cache_;
  std::mutex change_mutex_;  // one change or refresh at a time; taken before roster_mutex_
  mutable std::mutex roster_mutex_;
  std::shared_ptr<const Roster> roster_;
  std::mutex watchers_mutex_;
  std::map<std::uint64_t, std::function<void(const Touched&)>> watchers_;
  std::uint64_t next_watcher_ = 1;
};

}  // namespace kontor::directory
