// SPDX-License-Identifier: AGPL-3.0-or-later
// Changes of tenants, domains and principals.
#include <fmt/core.h>

#include <algorithm>

#include "directory/address.h"
#include "directory/rules.h"
#include "directory/stored_directory.h"

namespace kontor::directory {
namespace {

Result<const Tenant*> existing(const Roster& roster, TenantId id) {
  if (const Tenant* found = roster.tenant(id)) return found;
  return fail(Errc::not_found, fmt::format("there is no tenant {}", id.value));
}

Result<const Domain*> existing(const Roster& roster, DomainId id) {
  if (const Domain* found = roster.domain(id)) return found;
  return fail(Errc::not_found, fmt::format("there is no domain {}", id.value));
}

Result<const Principal*> existing(const Roster& roster, PrincipalId id) {
  if (const Principal* found = roster.principal(id)) return found;
  return fail(Errc::not_found, fmt::format("there is no principal {}", id.value));
}

// All that it may send for, or whose bookings it approves, without it in their lists.
std::vector<Principal> senders_for(const Roster& roster, PrincipalId id) {
  std::vector<Principal> out;
  roster.each_principal([&](const Principal& one) {
    auto has = [&](const std::vector<PrincipalId>& list) { return std::ranges::find(list, id) != list.end(); };
    if (!has(one.send_as) && !has(one.send_on_behalf) && !has(one.booking.approvers)) return;
    Principal& other = out.emplace_back(one);
    std::erase(other.send_as, id);
    std::erase(other.send_on_behalf, id);
    std::erase(other.booking.approvers, id);
    // Nobody is left to be asked: whoever looks after it answers.
    if (other.booking.answer == BookingPolicy::Answer::by_approval && other.booking.approvers.empty())
      other.booking.answer = BookingPolicy::Answer::manual;
  });
  return out;
}

// The groups that it is in show one member more or less.
void touch_groups_of(Draft& draft, PrincipalId member) {
  const std::vector<PrincipalId> holders = draft.roster().holders(member);
  for (PrincipalId id : holders) draft.touch_in_list(id);
}

std::string domain_part(std::string_view address) { return std::string(address.substr(address.rfind('@') + 1)); }

}  // namespace

Result<Tenant> StoredDirectory::add_tenant(std::string name) {
  Tenant added;
  TRY_VOID(change([&](Draft& draft) -> Result<void> {
    Tenant wanted;
    wanted.name = name;
    TRY(added, checked(draft.roster(), wanted));
    added.id = TenantId(draft.take_id());
    draft.put(added);
    return {};
  }));
  return added;
}

Result<void> StoredDirectory::update_tenant(const Tenant& tenant) {
  return change([&](Draft& draft) -> Result<void> {
    TRY_VOID(existing(draft.roster(), tenant.id));
    TRY(Tenant wanted, checked(draft.roster(), tenant));
    draft.put(wanted);
    return {};
  });
}

Result<void> StoredDirectory::remove_tenant(TenantId id) {
  return change([&](Draft& draft) -> Result<void> {
    TRY(const Tenant* tenant, existing(draft.roster(), id));
    std::size_t domains = draft.roster().domains(id).size();
    std::size_t principals = 0;
    draft.roster().each_principal([&](const Principal& one) { principals += one.tenant == id ? 1 : 0; });
    if (domains + principals > 0)
      return fail(Errc::conflict, fmt::format("tenant {} has {} domains and {} principals still: remove these first",
                                              tenant->name, domains, principals));
    draft.erase(id);
    return {};
  });
}

Result<Domain> StoredDirectory::add_domain(TenantId tenant, std::string name) {
  TRY(std::string canonical, parse_domain(name));
  Domain added;
  TRY_VOID(change([&](Draft& draft) -> Result<void> {
    TRY_VOID(existing(draft.roster(), tenant));
    if (const Domain* taken = draft.roster().domain(canonical)) {
      TRY(const Tenant* holder, existing(draft.roster(), taken->tenant));
      return fail(Errc::exists, fmt::format("domain {} belongs to tenant {} already", canonical, holder->name));
    }
    added = Domain{DomainId(draft.take_id()), tenant, canonical, {}, true};
    draft.put(added);
    return {};
  }));
  return added;
}

Result<void> StoredDirectory::update_domain(const Domain& domain) {
  return change([&](Draft& draft) -> Result<void> {
    TRY(const Domain* old, existing(draft.roster(), domain.id));
    TRY(std::string canonical, parse_domain(domain.name));
    if (canonical != old->name || domain.tenant != old->tenant)
      return fail(Errc::invalid, fmt::format("domain {} cannot change its name or its tenant", old->name));
    TRY_VOID(check_catch_all(draft.roster(), domain));
    Domain wanted = domain;
    wanted.name = canonical;
    draft.put(wanted);
    return {};
  });
}

Result<void> StoredDirectory::remove_domain(DomainId id) {
  return change([&](Draft& draft) -> Result<void> {
    TRY(const Domain* domain, existing(draft.roster(), id));
    std::size_t users = 0;
    std::string example;
    draft.roster().each_principal([&](const Principal& one) {
      auto uses = [&](const std::string& address) { return domain_part(address) == domain->name; };
      if (auto it = std::ranges::find_if(one.addresses, uses); it != one.addresses.end()) {
        ++users;
        example = *it;
      }
    });
    if (users > 0)
      return fail(Errc::conflict, fmt::format("domain {} is used by {} principals still, for example as {}",
                                              domain->name, users, example));
    draft.erase(id);
    return {};
  });
}

Result<Principal> StoredDirectory::add_principal(const NewPrincipal& wanted) {
  TRY(Address address, parse_address(wanted.address));
  Principal added;
  TRY_VOID(change([&](Draft& draft) -> Result<void> {
    const Domain* domain = draft.roster().domain(address.domain);
    if (domain == nullptr)
      return fail(Errc::invalid,
                  fmt::format("{} cannot be used: there is no domain {} here", address.text(), address.domain));
    Principal principal;
    principal.tenant = domain->tenant;
    principal.kind = wanted.kind;
    principal.name = wanted.name;
    principal.addresses = {address.text()};
    principal.status = wanted.status;
    principal.quota = wanted.quota;
    principal.created = clock_.now();
    TRY(added, checked(draft.roster(), std::move(principal)));
    added.id = PrincipalId(draft.take_id());
    draft.put(added);
    return {};
  }));
  return added;
}

Result<void> StoredDirectory::update_principal(const Principal& principal) {
  return change([&](Draft& draft) -> Result<void> {
    TRY(const Principal* old, existing(draft.roster(), principal.id));
    Principal wanted = principal;
    wanted.tenant = old->tenant;
    wanted.kind = old->kind;
    wanted.created = old->created;
    wanted.photo = old->photo;
    TRY(wanted, checked(draft.roster(), std::move(wanted)));
    const bool was_listed = old->is_listed();
    draft.put(wanted);
    if (was_listed != wanted.is_listed()) touch_groups_of(draft, wanted.id);
    return {};
  });
}

Result<void> StoredDirectory::set_photo(PrincipalId id, std::string_view bytes) {
  Photo photo;
  if (!bytes.empty()) {
    TRY(photo, recognise_photo(bytes));
  }
  return change([&](Draft& draft) -> Result<void> {
    TRY(const Principal* found, existing(draft.roster(), id));
    if (found->photo == photo) return {};
    Principal wanted = *found;
    wanted.photo = photo;
    draft.put_photo(id, bytes);
    draft.put(std::move(wanted));
    return {};
  });
}

Result<std::string> StoredDirectory::photo(PrincipalId id) {
  TRY(auto snapshot, engine_.snapshot(store::kDirectoryPartition));
  TRY(const auto bytes, snapshot->get(photo_key(id), store::Space::content));
  if (!bytes || current()->principal(id) == nullptr)
    return fail(Errc::not_found, fmt::format("principal {} has no photo", id.value));
  return std::string(*bytes);
}

// Takes it out of all groups, catch-alls and lists of senders too, so that no record ever names a principal that is
// gone.
Result<void> StoredDirectory::remove_principal(PrincipalId id) {
  return change([&](Draft& draft) -> Result<void> {
    TRY(const Principal* found, existing(draft.roster(), id));
    const Principal principal = *found;
    const Tenant* tenant = draft.roster().tenant(principal.tenant);
    const Hold* hold = !principal.holds.empty()                      ? &principal.holds.front()
                       : tenant != nullptr && !tenant->holds.empty() ? &tenant->holds.front()
                                                                     : nullptr;
    if (hold != nullptr && principal.account())
      return fail(Errc::conflict, fmt::format("{} is held ({}): end the hold first", described(principal), hold->name));
    const std::vector<PrincipalId> holders = draft.roster().holders(id);
    for (PrincipalId holder_id : holders) {
      Principal holder = *draft.roster().principal(holder_id);
      std::erase(holder.members, id);
      std::erase(holder.readers, id);
      std::erase(holder.managers, id);
      draft.put(holder);
    }
    for (Principal& other : senders_for(draft.roster(), id)) draft.put(other);
    for (Domain& domain : draft.roster().domains(principal.tenant)) {
      if (domain.catch_all != id) continue;
      domain.catch_all = {};
      draft.put(domain);
    }
    draft.remove(principal, clock_.now());
    return {};
  });
}

}  // namespace kontor::directory
