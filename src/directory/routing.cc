// SPDX-License-Identifier: AGPL-3.0-or-later
// Where mail goes: addresses to principals, groups to their members.
#include <fmt/core.h>

#include <unordered_set>

#include "directory/address.h"
#include "directory/roster.h"

namespace kontor::directory {

Result<Recipient> Roster::resolve(std::string_view address) const {
  auto parsed = parse_address(address);
  if (!parsed) return fail(Errc::not_found, parsed.error().text);
  const Domain* home = domain(parsed->domain);
  if (home == nullptr) return fail(Errc::denied, fmt::format("the domain {} is not served here", parsed->domain));
  const Principal* found = by_address(parsed->text());
  std::string detail;
  if (found == nullptr && home->subaddressing)
    if (auto plain_address = parsed->without_detail()) {
      found = by_address(*plain_address);
      if (found != nullptr) detail = parsed->detail;
    }
  if (found == nullptr && home->catch_all) found = principal(home->catch_all);
  if (found == nullptr) return fail(Errc::not_found, fmt::format("nobody has the address {}", shown(address)));
  if (effective_status(*found) == Status::suspended)
    return fail(Errc::unavailable, fmt::format("{} is suspended", shown(address)));
  return Recipient{found->id, std::move(detail)};
}

std::vector<PrincipalId> Roster::expand(PrincipalId id) const {
  std::vector<PrincipalId> out;
  std::unordered_set<PrincipalId> seen{id};
  std::vector<PrincipalId> todo{id};
  for (std::size_t i = 0; i < todo.size(); ++i) {
    const Principal* one = principal(todo[i]);
    if (one == nullptr || effective_status(*one) == Status::suspended) continue;
    if (one->kind != PrincipalKind::group) {
      out.push_back(one->id);
      continue;
    }
    for (PrincipalId member : one->members)
      if (seen.insert(member).second) todo.push_back(member);
  }
  return out;
}

std::vector<PrincipalId> Roster::groups_of(PrincipalId id) const {
  std::vector<PrincipalId> out;
  std::unordered_set<PrincipalId> seen{id};
  auto add_holders = [&](PrincipalId member) {
    for (PrincipalId holder : holders(member)) {
      const Principal* one = principal(holder);
      if (one != nullptr && one->kind == PrincipalKind::group && seen.insert(holder).second) out.push_back(holder);
    }
  };
  add_holders(id);
  for (std::size_t i = 0; i < out.size(); ++i) add_holders(out[i]);
  return out;
}

std::uint64_t Roster::quota_bytes(PrincipalId id) const {
  const Principal* one = principal(id);
  if (one == nullptr) return 0;
  if (one->quota) return *one->quota;
  const Tenant* owner = tenant(one->tenant);
  return owner == nullptr ? 0 : owner->default_quota;
}

}  // namespace kontor::directory
