// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/roster.h"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_set>

#include "base/digest.h"
#include "store/engine.h"

namespace kontor::directory {
namespace {

template <class Map, class Key>
auto* pointed(const Map& map, const Key& key) {
  const auto* found = map.find(key);
  return found == nullptr ? nullptr : found->get();
}

template <class T, class Map, class Visible, class Order>
std::vector<T> listed(const Map& map, const Visible& visible, const Order& order) {
  std::vector<T> out;
  map.each([&](const auto&, const auto& value) {
    if (visible(*value)) out.push_back(*value);
  });
  std::ranges::sort(out, {}, order);
  return out;
}

}  // namespace

Result<Roster> Roster::load(store::Engine& engine) {
  TRY(auto snapshot, engine.snapshot(store::kDirectoryPartition));
  Roster roster;
  Result<void> taken;
  TRY_VOID(snapshot->scan({}, {}, [&](store::Key key, store::Value value) {
    taken = roster.take_record(key, value);
    return taken.has_value();
  }));
  TRY_VOID(std::move(taken));
  bool has_records = roster.tenants_.size() + roster.domains_.size() + roster.principals_.size() > 0;
  if (!roster.head_value_ && has_records) return fail(Errc::corrupt, "the directory's head record is missing");
  return roster;
}

Result<void> Roster::take_record(std::string_view key, std::string_view value) {
  auto parsed = parse_key(key);
  if (!parsed) return {};  // named by check(); nothing that is known depends on it
  if (parsed->kind == 'h') {
    TRY(head_, decode_head(value));
    head_value_ = value;
  } else if (parsed->kind == 't') {
    TRY(Tenant tenant, decode_tenant(TenantId(parsed->id), value));
    put(std::move(tenant));
  } else if (parsed->kind == 'd') {
    TRY(Domain domain, decode_domain(DomainId(parsed->id), value));
    put(std::move(domain));
  } else if (parsed->kind == 'p') {
    TRY(StoredPrincipal stored, decode_principal(PrincipalId(parsed->id), value));
    if (!stored.removed)
      put(std::move(stored.principal));
    else
      put_gone(stored.principal.tenant, stored.principal.id, stored.principal.list_revision);
  } else if (parsed->kind == 's') {
    TRY(Shares shares, decode_shares(PrincipalId(parsed->id), value));
    put_shares(PrincipalId(parsed->id), std::move(shares));  // its principal was read already: "p" comes before "s"
  } else {
    TRY(Credentials credentials, decode_credentials(PrincipalId(parsed->id), value));
    put(PrincipalId(parsed->id), std::move(credentials));
  }
  return {};
}

const Tenant* Roster::tenant(TenantId id) const { return pointed(tenants_, id); }
const Domain* Roster::domain(DomainId id) const { return pointed(domains_, id); }
const Principal* Roster::principal(PrincipalId id) const { return pointed(principals_, id); }
const Credentials* Roster::credentials(PrincipalId id) const { return pointed(credentials_, id); }

const Tenant* Roster::tenant(std::string_view name) const {
  const TenantId* id = tenant_names_.find(name);
  return id == nullptr ? nullptr : tenant(*id);
}

const Domain* Roster::domain(std::string_view name) const {
  const DomainId* id = domain_names_.find(name);
  return id == nullptr ? nullptr : domain(*id);
}

const Principal* Roster::by_address(std::string_view address) const {
  const PrincipalId* id = addresses_.find(address);
  return id == nullptr ? nullptr : principal(*id);
}

std::vector<Tenant> Roster::tenants() const {
  return listed<Tenant>(tenants_, [](const Tenant&) { return true; }, &Tenant::name);
}

std::vector<Domain> Roster::domains(TenantId tenant) const {
  return listed<Domain>(
      domains_, [&](const Domain& domain) { return !tenant || domain.tenant == tenant; }, &Domain::name);
}

std::vector<Principal> Roster::principals(TenantId tenant) const {
  return listed<Principal>(
      principals_, [&](const Principal& principal) { return !tenant || principal.tenant == tenant; },
      [](const Principal& principal) -> const std::string& { return principal.primary_address(); });
}

const std::vector<PrincipalId>& Roster::holders(PrincipalId member) const {
  static const std::vector<PrincipalId> kNone;
  const auto* found = holders_.find(member);
  return found == nullptr ? kNone : *found;
}

Status Roster::effective_status(const Principal& principal) const {
  const Tenant* owner = tenant(principal.tenant);
  return owner == nullptr ? principal.status : std::max(principal.status, owner->status);
}

void Roster::put(Tenant tenant) {
  if (const Tenant* old = this->tenant(tenant.id)) tenant_names_.erase(old->name);
  const TenantId id = tenant.id;
  tenant_names_.set(tenant.name, id);
  tenants_.set(id, std::make_shared<const Tenant>(std::move(tenant)));
}

void Roster::put(Domain domain) {
  if (const Domain* old = this->domain(domain.id)) domain_names_.erase(old->name);
  const DomainId id = domain.id;
  domain_names_.set(domain.name, id);
  domains_.set(id, std::make_shared<const Domain>(std::move(domain)));
}

void Roster::put(Principal principal) {
  static const std::vector<PrincipalId> kNone;
  const Principal* old = this->principal(principal.id);
  if (old != nullptr)
    for (const std::string& address : old->addresses) addresses_.erase(address);
  index_members(principal, old == nullptr ? kNone : old->members, principal.members);
  const PrincipalId id = principal.id;
  for (const std::string& address : principal.addresses) addresses_.set(address, id);
  raise_list_revision(principal.tenant, principal.list_revision);
  principals_.set(id, std::make_shared<const Principal>(std::move(principal)));
}

void Roster::put(PrincipalId id, Credentials credentials) {
  erase_credentials(id);
  without_scram_ += lacks_scram(credentials) ? 1 : 0;
  credentials_.set(id, std::make_shared<const Credentials>(std::move(credentials)));
}

void Roster::erase_credentials(PrincipalId id) {
  const Credentials* old = this->credentials(id);
  if (old == nullptr) return;
  without_scram_ -= lacks_scram(*old) ? 1 : 0;
  credentials_.erase(id);
}

void Roster::erase(TenantId id) {
  if (const Tenant* old = tenant(id)) tenant_names_.erase(old->name);
  tenants_.erase(id);
}

void Roster::erase(DomainId id) {
  if (const Domain* old = domain(id)) domain_names_.erase(old->name);
  domains_.erase(id);
}

void Roster::erase(PrincipalId id) {
  put_shares(id, {});
  if (const Principal* old = principal(id)) {
    for (const std::string& address : old->addresses) addresses_.erase(address);
    index_members(*old, old->members, {});
  }
  principals_.erase(id);
}

// Only the difference is touched: a large group mostly changes by one member.
void Roster::index_members(const Principal& holder, const std::vector<PrincipalId>& before,
                           const std::vector<PrincipalId>& after) {
  std::unordered_set<PrincipalId> old_ones(before.begin(), before.end());
  std::unordered_set<PrincipalId> new_ones(after.begin(), after.end());
  for (PrincipalId member : old_ones) {
    if (new_ones.contains(member)) continue;
    std::vector<PrincipalId> of_member = holders(member);
    std::erase(of_member, holder.id);
    if (of_member.empty())
      holders_.erase(member);
    else
      holders_.set(member, std::move(of_member));
  }
  for (PrincipalId member : new_ones) {
    if (old_ones.contains(member)) continue;
    std::vector<PrincipalId> of_member = holders(member);
    of_member.push_back(holder.id);
    holders_.set(member, std::move(of_member));
  }
}

void Roster::raise_list_revision(TenantId tenant, std::uint64_t revision) {
  if (revision > list_revision(tenant)) list_revisions_.set(tenant, revision);
}

void Roster::put_gone(TenantId tenant, PrincipalId id, std::uint64_t revision) {
  raise_list_revision(tenant, revision);
  gone_.set(id, {tenant, revision});
}

std::uint64_t Roster::list_revision(TenantId tenant) const {
  // Never 0, which asks for all there is: what was there before there were such revisions came with the first.
  const std::uint64_t* found = list_revisions_.find(tenant);
  return found == nullptr ? 1 : std::max<std::uint64_t>(*found, 1);
}

ListChanges Roster::list_changes(TenantId tenant, std::uint64_t since) const {
  ListChanges out{.revision = list_revision(tenant)};
  if (out.revision <= since) return out;
  std::vector<std::pair<std::uint64_t, PrincipalId>> gone;
  each_principal([&](const Principal& one) {
    if (one.tenant != tenant || (one.list_revision <= since && since > 0)) return;
    if (one.is_listed())
      out.present.push_back(one);
    else if (since > 0)
      gone.emplace_back(one.list_revision, one.id);
  });
  if (since > 0)
    gone_.each([&](PrincipalId id, const Gone& one) {
      if (one.tenant == tenant && one.revision > since) gone.emplace_back(one.revision, id);
    });
  std::ranges::sort(out.present, {}, [](const Principal& one) { return std::pair(one.list_revision, one.id.value); });
  std::ranges::sort(gone);
  for (const auto& [revision, id] : gone) out.gone.push_back({id, revision});
  return out;
}

const std::string& Roster::advance() {
  ++head_.revision;
  if (head_.secret.empty()) head_.secret = random_bytes(32);
  return head_value_.emplace(encode(head_));
}

}  // namespace kontor::directory
