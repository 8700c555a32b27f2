// SPDX-License-Identifier: AGPL-3.0-or-later
// The whole directory in memory: records and the indexes over them. Built by load(), copied and changed by a Draft,
// read by everyone once it is const.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/records.h"
#include "directory/sharded.h"

namespace kontor::store {
class Engine;
class Snapshot;
}  // namespace kontor::store

namespace kontor::directory {

// Thread-safe while const. Pointers live as long as the roster.
class Roster {
 public:
  // Errors: unavailable, corrupt.
  static Result<Roster> load(store::Engine& engine);

  const Head& head() const { return head_; }
  // The head record as stored: what the next commit expects.
  const std::optional<std::string>& head_value() const { return head_value_; }

  // Null if there is none.
  const Tenant* tenant(TenantId id) const;
  const Tenant* tenant(std::string_view name) const;  // canonical
  const Domain* domain(DomainId id) const;
  const Domain* domain(std::string_view name) const;  // canonical
  const Principal* principal(PrincipalId id) const;
  const Principal* by_address(std::string_view address) const;  // canonical
  const Credentials* credentials(PrincipalId id) const;

  std::vector<Tenant> tenants() const;                       // by name
  std::vector<Domain> domains(TenantId tenant) const;        // by name; TenantId() = of all tenants
  std::vector<Principal> principals(TenantId tenant) const;  // by primary address
  // Visit all, in no order.
  template <class Visit>
  void each_principal(const Visit& visit) const {
    principals_.each([&](PrincipalId, const auto& principal) { visit(*principal); });
  }
  template <class Visit>
  void each_credentials(const Visit& visit) const {
    credentials_.each([&](PrincipalId id, const auto& credentials) { visit(id, *credentials); });
  }
  // The principals that have it among their members.
  const std::vector<PrincipalId>& holders(PrincipalId member) const;
  // How many principals have a password, and how many of those one that has no keys for SCRAM.
  std::size_t with_password() const { return credentials_.size(); }
  std::size_t without_scram() const { return without_scram_; }

  // The principal's own status or, where that is worse, its tenant's.
  Status effective_status(const Principal& principal) const;

  // Errors as those of Directory.
  Result<Recipient> resolve(std::string_view address) const;
  std::vector<PrincipalId> expand(PrincipalId id) const;
  std::vector<PrincipalId> groups_of(PrincipalId id) const;
  std::uint64_t quota_bytes(PrincipalId id) const;
  std::optional<MemberRole> member_role(PrincipalId mailbox, PrincipalId who) const;
  SendRight send_right(PrincipalId who, PrincipalId as) const;
  const Shares& shares(PrincipalId owner) const;
  bool shows_to(PrincipalId owner, PrincipalId who, std::uint32_t kinds) const;
  std::vector<PrincipalId> sharing_with(PrincipalId who, std::uint32_t kinds) const;
  // As those of Directory.
  std::uint64_t list_revision(TenantId tenant) const;
  ListChanges list_changes(TenantId tenant, std::uint64_t since) const;
  template <class Visit>
  void each_shares(const Visit& visit) const {
    shares_.each([&](PrincipalId id, const auto& shares) { visit(id, *shares); });
  }

  // Changes, while it is not shared yet. Indexes follow; nothing is checked.
  void put(Tenant tenant);
  void put(Domain domain);
  void put(Principal principal);
  void put(PrincipalId id, Credentials credentials);
  void put_shares(PrincipalId owner, Shares shares);  // none: as if there were no such record
  void put_gone(TenantId tenant, PrincipalId id, std::uint64_t revision);
  void erase(TenantId id);
  void erase(DomainId id);
  void erase(PrincipalId id);
  void erase_credentials(PrincipalId id);
  std::uint64_t take_id() { return ++head_.last_id; }
  // To the next revision; gives the new head record.
  const std::string& advance();

 private:
  template <class T>
  using Shared = std::shared_ptr<const T>;
  struct Gone {
    TenantId tenant;
    std::uint64_t revision = 0;
  };

  void raise_list_revision(TenantId tenant, std::uint64_t revision);
  PrincipalId sharer_key(PrincipalId owner, PrincipalId with) const;
  Result<void> take_record(std::string_view key, std::string_view value);
  void index_members(const Principal& holder, const std::vector<PrincipalId>& before,
                     const std::vector<PrincipalId>& after);

  Head head_;
  std::optional<std::string> head_value_;
  Sharded<TenantId, Shared<Tenant>> tenants_;
  Sharded<std::string, TenantId> tenant_names_;
  Sharded<DomainId, Shared<Domain>> domains_;
  Sharded<std::string, DomainId> domain_names_;
  Sharded<PrincipalId, Shared<Principal>> principals_;
  Sharded<std::string, PrincipalId> addresses_;
  Sharded<PrincipalId, Shared<Credentials>> credentials_;
  Sharded<PrincipalId, std::vector<PrincipalId>> holders_;
  Sharded<PrincipalId, Shared<Shares>> shares_;
  Sharded<PrincipalId, std::vector<PrincipalId>> sharers_;  // with whom -> owners; everyone: under the tenant's id
  Sharded<PrincipalId, Gone> gone_;                         // principals that were removed
  Sharded<TenantId, std::uint64_t> list_revisions_;
  std::size_t without_scram_ = 0;
};

}  // namespace kontor::directory
