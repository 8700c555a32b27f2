// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/principals.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"

namespace kontor::importing {
namespace {

// Errors that concern one principal only.
bool is_own_fault(const Error& error) {
  return error.code == Errc::invalid || error.code == Errc::exists || error.code == Errc::not_found ||
         error.code == Errc::denied || error.code == Errc::conflict || error.code == Errc::too_large;
}

}  // namespace

Result<void> PrincipalImport::take(const archive::Principal& principal) {
  has_any_ = true;
  const auto done = make(principal);
  if (done || !is_own_fault(done.error())) return done;
  answer_.quarantined.push_back({principal.address, done.error().text});
  return {};
}

Result<void> PrincipalImport::make(const archive::Principal& principal) {
  const std::string address = to_lower(principal.address);
  if (options_.may_import && !options_.may_import(address))
    return fail(Errc::denied, "this import may not touch that address");
  const auto kind = directory::parse_kind(principal.kind).value_or(directory::PrincipalKind::user);
  if (const auto there = directory_.by_address(address)) {
    ++answer_.counts.present;
    if (there->kind != kind)
      answer_.damaged.push_back({address, fmt::format("it is a {} here, not a {}", name(there->kind), principal.kind)});
    // An import that broke off after it was made left it without members.
    const bool has_none = options_.may_create && there->members.empty() && !principal.members.empty();
    if (there->kind == kind && has_none) members_.push_back({there->id, address, principal.members});
    return {};
  }
  if (!options_.may_create) return fail(Errc::not_found, "there is nobody of that address here");
  TRY_VOID(make_domain(principal, std::string_view(address).substr(address.rfind('@') + 1)));
  directory::NewPrincipal wanted;
  wanted.kind = kind;
  wanted.address = address;
  wanted.name = principal.name.empty() ? address.substr(0, address.find('@')) : principal.name;
  const bool has_account = kind != directory::PrincipalKind::group;
  const bool is_meant = !options_.with_accounts || !principal.names.empty();
  wanted.status = !has_account ? directory::Status::active : is_meant ? options_.status : directory::Status::inactive;
  TRY(auto made, directory_.add_principal(wanted));
  ++answer_.counts.copied;
  const PrincipalId id = made.id;
  const auto done = complete(principal, std::move(made));
  if (!done && !is_own_fault(done.error())) return done;
  if (!done) answer_.damaged.push_back({address, done.error().text});
  if (!principal.members.empty()) members_.push_back({id, address, principal.members});
  return {};
}

// Aliases that somebody has are left out.
Result<void> PrincipalImport::complete(const archive::Principal& principal, directory::Principal made) {
  bool is_changed = principal.is_hidden;
  made.is_hidden = principal.is_hidden;
  for (const std::string& alias : principal.aliases) {
    const std::string address = to_lower(alias);
    if (std::ranges::find(made.addresses, address) != made.addresses.end()) continue;
    const auto domain = directory_.domain(std::string_view(address).substr(address.rfind('@') + 1));
    const bool is_ours = domain && domain->tenant == made.tenant && !directory_.by_address(address) &&
                         (!options_.may_import || options_.may_import(address));
    if (!is_ours) {
      answer_.damaged.push_back({made.primary_address(), fmt::format("it cannot have the further address {}", alias)});
      continue;
    }
    made.addresses.push_back(address);
    is_changed = true;
  }
  return is_changed ? directory_.update_principal(made) : Result<void>();
}

Result<void> PrincipalImport::make_domain(const archive::Principal& principal, std::string_view domain) {
  const auto there = directory_.domain(domain);
  if (there) return {};
  if (there.error().code != Errc::not_found) return std::unexpected(there.error());
  if (!options_.may_create_domains || domain.empty() || !principal.address.contains('@'))
    return fail(Errc::not_found, fmt::format("the domain of {} is not one of this server", principal.address));
  const std::string name = to_lower(principal.tenant.empty() ? domain : std::string_view(principal.tenant));
  auto tenant = directory_.tenant(std::string_view(name));
  if (!tenant && tenant.error().code == Errc::not_found) {
    tenant = directory_.add_tenant(name);
    if (tenant && principal.tenant_quota != 0) {
      tenant->default_quota = principal.tenant_quota;
      TRY_VOID(directory_.update_tenant(*tenant));
    }
  }
  if (!tenant) return std::unexpected(tenant.error());
  TRY_VOID(directory_.add_domain(tenant->id, std::string(domain)));
  return {};
}

Result<archive::Answer> PrincipalImport::finish() {
  for (const Members& one : members_) {
    TRY(auto made, directory_.principal(one.of));
    for (const std::string& address : one.members) {
      const auto member = directory_.by_address(to_lower(address));
      if (!member || member->tenant != made.tenant) {
        answer_.damaged.push_back({one.address, fmt::format("its member {} is not here", address)});
      } else if (std::ranges::find(made.members, member->id) == made.members.end()) {
        made.members.push_back(member->id);
      }
    }
    const auto done = directory_.update_principal(made);
    if (!done && !is_own_fault(done.error())) return std::unexpected(done.error());
    if (!done) answer_.damaged.push_back({one.address, done.error().text});
  }
  members_.clear();
  has_any_ = false;
  answer_.folder = archive::kPrincipalsKey;
  return std::exchange(answer_, {});
}

}  // namespace kontor::importing
