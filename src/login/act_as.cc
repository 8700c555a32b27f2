// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/act_as.h"

#include <algorithm>

namespace kontor::login {
namespace {

using directory::Principal;
using directory::PrincipalKind;
using directory::Role;

bool has_role(const Principal& principal, Role role) {
  return std::ranges::find(principal.roles, role) != principal.roles.end();
}

bool may_act_as(const directory::Directory& directory, const Principal& who, const Principal& other) {
  if (who.id == other.id || has_role(who, Role::server_admin)) return true;
  if (who.tenant != other.tenant || has_role(other, Role::server_admin)) return false;
  if (has_role(who, Role::tenant_admin)) return true;
  return other.kind == PrincipalKind::shared &&
         directory.member_role(other.id, who.id) == directory::MemberRole::manager;
}

}  // namespace

Result<Principal> act_as(const directory::Directory& directory, const Principal& who, std::string_view address,
                         directory::Protocol protocol) {
  // One sentence for all: who may not act as others does not learn who there is.
  const auto refused = [] { return fail(Errc::denied, "you may not act as somebody else"); };
  auto other = directory.by_address(address);
  if (!other || !directory.may_use(other->id, protocol) || !may_act_as(directory, who, *other)) return refused();
  return *std::move(other);
}

}  // namespace kontor::login
