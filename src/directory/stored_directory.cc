// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/stored_directory.h"

#include <fmt/core.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "directory/address.h"
#include "directory/password.h"

namespace kontor::directory {
namespace {

constexpr std::size_t kRememberedLogins = 20'000;
constexpr int kChangeAttempts = 50;

}  // namespace

Result<std::unique_ptr<Directory>> Directory::open(store::Engine& engine, const Clock& clock, HashCost cost) {
  TRY(Roster roster, Roster::load(engine));
  return std::make_unique<StoredDirectory>(engine, clock, cost, std::move(roster));
}

StoredDirectory::StoredDirectory(store::Engine& engine, const Clock& clock, HashCost cost, Roster roster)
    : engine_(engine),
      clock_(clock),
      cost_(cost),
      dummy_hash_(hash_password(to_hex(random_bytes(16)), cost.memory_kib, cost.passes)),
      cache_(clock, kRememberedLogins),
      roster_(std::make_shared<const Roster>(std::move(roster))) {}

std::shared_ptr<const Roster> StoredDirectory::current() const {
  std::lock_guard lock(roster_mutex_);
  return roster_;
}

void StoredDirectory::publish(std::shared_ptr<const Roster> next) {
  // The former roster is let go outside the lock: taking it apart takes time.
  std::lock_guard lock(roster_mutex_);
  roster_.swap(next);
}

Result<bool> StoredDirectory::is_current() {
  TRY(auto snapshot, engine_.snapshot(store::kDirectoryPartition));
  TRY(auto value, snapshot->get(kHeadKey));
  const auto roster = current();
  const auto& known = roster->head_value();
  return value.has_value() == known.has_value() && (!value || *value == *known);
}

Result<void> StoredDirectory::refresh_locked() {
  TRY(bool current_already, is_current());
  if (current_already) return {};
  TRY(Roster roster, Roster::load(engine_));
  publish(std::make_shared<const Roster>(std::move(roster)));
  tell({.everyone = true, .principals = {}});
  return {};
}

Result<void> StoredDirectory::refresh() {
  TRY(bool current_already, is_current());
  if (current_already) return {};
  std::lock_guard lock(change_mutex_);
  return refresh_locked();
}

Result<void> StoredDirectory::change(const Change& make) {
  std::lock_guard lock(change_mutex_);
  for (int attempt = 0; attempt < kChangeAttempts; ++attempt) {
    // Also before the first attempt: a refusal must not rest on what another directory has changed since.
    TRY_VOID(refresh_locked());
    Draft draft(*current());
    TRY_VOID(make(draft));
    if (draft.empty()) return {};
    auto done = engine_.commit(store::kDirectoryPartition, draft.finish());
    if (done) {
      publish(std::make_shared<const Roster>(draft.take_roster()));
      for (PrincipalId id : draft.touched()) cache_.forget(id);
      tell({.everyone = draft.touches_tenant(), .principals = {draft.touched().begin(), draft.touched().end()}});
      return {};
    }
    if (done.error().code != Errc::conflict) return done;
  }
  return fail(Errc::unavailable, "the directory is being changed too often by others: try again later");
}

Result<Tenant> StoredDirectory::tenant(TenantId id) const {
  const auto roster = current();
  const Tenant* found = roster->tenant(id);
  if (found == nullptr) return fail(Errc::not_found, fmt::format("there is no tenant {}", id.value));
  return *found;
}

Result<Tenant> StoredDirectory::tenant(std::string_view name) const {
  const auto roster = current();
  const Tenant* found = roster->tenant(to_lower(name));
  if (found == nullptr) return fail(Errc::not_found, fmt::format("there is no tenant \"{}\"", shown(name)));
  return *found;
}

std::vector<Tenant> StoredDirectory::tenants() const { return current()->tenants(); }

Result<Domain> StoredDirectory::domain(std::string_view name) const {
  const auto roster = current();
  auto canonical = parse_domain(name);
  const Domain* found = canonical ? roster->domain(*canonical) : nullptr;
  if (found == nullptr) return fail(Errc::not_found, fmt::format("there is no domain \"{}\"", shown(name)));
  return *found;
}

std::vector<Domain> StoredDirectory::domains(TenantId tenant) const { return current()->domains(tenant); }

Result<Principal> StoredDirectory::principal(PrincipalId id) const {
  const auto roster = current();
  const Principal* found = roster->principal(id);
  if (found == nullptr) return fail(Errc::not_found, fmt::format("there is no principal {}", id.value));
  return *found;
}

Result<Principal> StoredDirectory::by_address(std::string_view address) const {
  const auto roster = current();
  auto canonical = parse_address(address);
  const Principal* found = canonical ? roster->by_address(canonical->text()) : nullptr;
  if (found == nullptr) return fail(Errc::not_found, fmt::format("nobody has the address \"{}\"", shown(address)));
  return *found;
}

std::vector<Principal> StoredDirectory::principals(TenantId tenant) const { return current()->principals(tenant); }

Result<Principal> StoredDirectory::by_account(AccountId account) const {
  const auto roster = current();
  const Principal* found = roster->principal(PrincipalId(account.value));
  if (found == nullptr || !found->account())
    return fail(Errc::not_found, fmt::format("no principal has the account {}", account.value));
  return *found;
}

std::uint64_t StoredDirectory::quota_bytes(PrincipalId id) const { return current()->quota_bytes(id); }
std::uint64_t StoredDirectory::quota_messages(PrincipalId id) const {
  const auto roster = current();
  const Principal* one = roster->principal(id);
  return one == nullptr ? 0 : one->quota_messages;
}
std::vector<PrincipalId> StoredDirectory::groups_of(PrincipalId id) const { return current()->groups_of(id); }
std::uint64_t StoredDirectory::list_revision(TenantId tenant) const { return current()->list_revision(tenant); }
ListChanges StoredDirectory::list_changes(TenantId tenant, std::uint64_t since) const {
  return current()->list_changes(tenant, since);
}

// RFC 9562 version 8: the secret is of this server alone, the id of this principal.
std::string StoredDirectory::uuid(PrincipalId id) const {
  std::string name = "principal";
  append_be64(name, id.value);
  std::string bytes = hmac_sha256(current()->head().secret, name).substr(0, 16);
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0fU) | 0x80U);
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3fU) | 0x80U);
  std::string hex = to_hex(bytes);
  for (const std::size_t at : {20, 16, 12, 8}) hex.insert(at, 1, '-');
  return hex;
}

Result<Recipient> StoredDirectory::resolve(std::string_view address) const { return current()->resolve(address); }
std::vector<PrincipalId> StoredDirectory::expand(PrincipalId id) const { return current()->expand(id); }

}  // namespace kontor::directory
