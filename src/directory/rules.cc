// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/rules.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "directory/address.h"

namespace kontor::directory {
namespace {

constexpr std::uint32_t kMaxRecoverableDays = 36'500;

std::string tenant_name(const Roster& roster, TenantId id) {
  const Tenant* tenant = roster.tenant(id);
  return tenant == nullptr ? std::to_string(id.value) : tenant->name;
}

Result<std::string> checked_address(const Roster& roster, const Principal& principal, const std::string& wanted) {
  TRY(Address address, parse_address(wanted));
  std::string text = address.text();
  const Domain* domain = roster.domain(address.domain);
  if (domain == nullptr)
    return fail(Errc::invalid, fmt::format("{} cannot be used: there is no domain {} here", text, address.domain));
  if (domain->tenant != principal.tenant)
    return fail(Errc::invalid, fmt::format("{} cannot be used: domain {} belongs to tenant {}", text, address.domain,
                                           tenant_name(roster, domain->tenant)));
  const Principal* holder = roster.by_address(text);
  if (holder != nullptr && holder->id != principal.id)
    return fail(Errc::exists, fmt::format("address {} belongs to {} already", text, described(*holder)));
  return text;
}

Result<void> check_addresses(const Roster& roster, Principal& principal) {
  if (principal.addresses.empty()) return fail(Errc::invalid, "a principal needs at least one address");
  if (principal.addresses.size() > kMaxAddresses)
    return fail(Errc::invalid, fmt::format("a principal can have at most {} addresses", kMaxAddresses));
  std::vector<std::string> canonical;
  std::unordered_set<std::string> seen;
  for (const std::string& wanted : principal.addresses) {
    TRY(std::string address, checked_address(roster, principal, wanted));
    if (seen.insert(address).second) canonical.push_back(std::move(address));
  }
  principal.addresses = std::move(canonical);
  return {};
}

Result<void> check_member(const Roster& roster, const Principal& principal, PrincipalId id) {
  const Principal* member = roster.principal(id);
  if (id == principal.id) return fail(Errc::invalid, fmt::format("{} cannot be its own member", described(principal)));
  if (member == nullptr)
    return fail(Errc::invalid, fmt::format("principal {} cannot be a member: there is none of that number", id.value));
  if (member->tenant != principal.tenant)
    return fail(Errc::invalid, fmt::format("{} cannot be a member of {}: it belongs to another tenant",
                                           described(*member), described(principal)));
  bool may_use = member->kind == PrincipalKind::user || member->kind == PrincipalKind::group;
  if (principal.kind == PrincipalKind::shared && !may_use)
    return fail(Errc::invalid,
                fmt::format("{} cannot be a member of {}: only users and groups can use a shared mailbox",
                            described(*member), described(principal)));
  return {};
}

Result<void> check_members(const Roster& roster, Principal& principal) {
  if (principal.members.empty()) return {};
  if (principal.kind != PrincipalKind::group && principal.kind != PrincipalKind::shared)
    return fail(Errc::invalid,
                fmt::format("{} cannot have members: only groups and shared mailboxes can", described(principal)));
  if (principal.members.size() > kMaxMembers)
    return fail(Errc::invalid, fmt::format("{} can have at most {} members", described(principal), kMaxMembers));
  std::vector<PrincipalId> distinct;
  std::unordered_set<PrincipalId> seen;
  for (PrincipalId id : principal.members) {
    if (!seen.insert(id).second) continue;
    TRY_VOID(check_member(roster, principal, id));
    distinct.push_back(id);
  }
  principal.members = std::move(distinct);
  if (principal.kind != PrincipalKind::group) return {};
  std::string cycle = find_cycle(roster, principal);
  if (!cycle.empty()) return fail(Errc::invalid, fmt::format("groups cannot contain themselves: {}", cycle));
  return {};
}

// Members keep their roles, and who is no member has none.
void tidy_roles(Principal& principal) {
  if (principal.kind != PrincipalKind::shared) {
    principal.readers.clear();
    principal.managers.clear();
    return;
  }
  std::vector<PrincipalId> readers, managers;
  for (PrincipalId id : principal.members) {
    if (std::ranges::find(principal.managers, id) != principal.managers.end())
      managers.push_back(id);
    else if (std::ranges::find(principal.readers, id) != principal.readers.end())
      readers.push_back(id);
  }
  principal.readers = std::move(readers);
  principal.managers = std::move(managers);
}

Result<void> check_senders(const Roster& roster, const Principal& principal, std::vector<PrincipalId>& senders) {
  if (senders.size() > kMaxMembers)
    return fail(Errc::invalid, fmt::format("at most {} may send for {}", kMaxMembers, described(principal)));
  std::vector<PrincipalId> distinct;
  std::unordered_set<PrincipalId> seen;
  for (PrincipalId id : senders) {
    if (!seen.insert(id).second) continue;
    const Principal* sender = roster.principal(id);
    if (sender == nullptr)
      return fail(Errc::invalid, fmt::format("principal {} cannot send for {}: there is none of that number", id.value,
                                             described(principal)));
    if (sender->tenant != principal.tenant || id == principal.id ||
        (sender->kind != PrincipalKind::user && sender->kind != PrincipalKind::group))
      return fail(Errc::invalid, fmt::format("{} cannot send for {}: only other users and groups of its tenant can",
                                             described(*sender), described(principal)));
    distinct.push_back(id);
  }
  senders = std::move(distinct);
  return {};
}

Result<void> check_journal(std::vector<JournalRule>& rules) {
  if (rules.size() > kMaxJournalRules)
    return fail(Errc::invalid, fmt::format("a tenant can have at most {} journal rules", kMaxJournalRules));
  std::unordered_set<std::string> seen;
  for (JournalRule& rule : rules) {
    TRY(const Address address, parse_address(rule.address));
    rule.address = address.text();
    if (!seen.insert(rule.address).second)
      return fail(Errc::exists, fmt::format("there is a journal rule for {} already", rule.address));
    if (rule.directions == 0 || rule.directions > JournalRule::kAll)
      return fail(Errc::invalid, "a journal rule needs a direction: in, out or internal");
    if (rule.people.size() + rule.domains.size() > kMaxMembers)
      return fail(Errc::invalid, fmt::format("a journal rule can be about at most {}", kMaxMembers));
    for (std::string& domain : rule.domains) {
      TRY(domain, parse_domain(domain));
    }
  }
  return {};
}

Result<void> check_holds(const std::vector<Hold>& holds) {
  if (holds.size() > kMaxHolds) return fail(Errc::invalid, fmt::format("there can be at most {} holds", kMaxHolds));
  std::unordered_set<std::string> seen;
  for (const Hold& hold : holds) {
    if (hold.name.empty()) return fail(Errc::invalid, "a hold needs a name");
    TRY_VOID(check_label("the hold's name", hold.name, kMaxHoldName));
    TRY_VOID(check_label("the reason", hold.reason, kMaxHoldReason));
    TRY_VOID(check_label("who sets the hold", hold.by, kMaxName));
    if (!seen.insert(hold.name).second) return fail(Errc::exists, fmt::format("there is a hold {} already", hold.name));
  }
  return {};
}

}  // namespace

std::string described(const Principal& principal) {
  return fmt::format("{} {}", name(principal.kind), principal.primary_address());
}

std::string find_cycle(const Roster& roster, const Principal& group) {
  std::unordered_map<PrincipalId, PrincipalId> came_from;  // member group -> the group that led to it
  std::vector<PrincipalId> todo{group.id};
  for (std::size_t i = 0; i < todo.size(); ++i) {
    const Principal* one = todo[i] == group.id ? &group : roster.principal(todo[i]);
    if (one == nullptr || one->kind != PrincipalKind::group) continue;
    for (PrincipalId member : one->members) {
      if (member == group.id) {
        std::vector<std::string> way{group.primary_address()};
        for (PrincipalId at = one->id; at != group.id; at = came_from.at(at))
          way.push_back(roster.principal(at)->primary_address());
        way.push_back(group.primary_address());
        std::ranges::reverse(way);
        return fmt::format("{}", fmt::join(way, ", "));
      }
      if (came_from.emplace(member, one->id).second) todo.push_back(member);
    }
  }
  return {};
}

Result<void> check_booking(const Roster& roster, const Principal& principal) {
  constexpr std::size_t kMostHours = 50;
  constexpr std::size_t kMostApprovers = 100;
  const BookingPolicy& policy = principal.booking;
  if (policy == BookingPolicy()) return {};
  if (principal.kind != PrincipalKind::room && principal.kind != PrincipalKind::equipment)
    return fail(Errc::invalid, "only rooms and equipment can be booked");
  if (policy.hours.size() > kMostHours || policy.approvers.size() > kMostApprovers)
    return fail(Errc::invalid, "that are too many hours or approvers");
  if (policy.answer == BookingPolicy::Answer::by_approval && policy.approvers.empty())
    return fail(Errc::invalid, "somebody must be there who approves");
  for (const PrincipalId id : policy.approvers) {
    const Principal* approver = roster.principal(id);
    if (approver == nullptr || approver->tenant != principal.tenant || id == principal.id)
      return fail(Errc::invalid,
                  fmt::format("principal {} cannot approve bookings of {}: only others of its tenant can", id.value,
                              described(principal)));
  }
  return check_label("the time zone", policy.zone, kMaxName);
}

Result<Principal> checked(const Roster& roster, Principal principal) {
  TRY_VOID(check_addresses(roster, principal));
  TRY_VOID(check_label("the name", principal.name, kMaxName));
  if (principal.contact) {
    TRY(ContactDetails details, checked(*principal.contact));
    if (details != *principal.contact) principal.set_details(std::move(details));
  }
  TRY_VOID(check_members(roster, principal));
  tidy_roles(principal);
  TRY_VOID(check_booking(roster, principal));
  TRY_VOID(check_holds(principal.holds));
  if (!principal.holds.empty() && !principal.account())
    return fail(Errc::invalid, fmt::format("{} has no account that could be held", described(principal)));
  TRY_VOID(check_senders(roster, principal, principal.send_as));
  TRY_VOID(check_senders(roster, principal, principal.send_on_behalf));
  std::vector<Role> roles;
  for (Role role : principal.roles)
    if (std::ranges::find(roles, role) == roles.end()) roles.push_back(role);
  principal.roles = std::move(roles);
  return principal;
}

Result<Tenant> checked(const Roster& roster, Tenant tenant) {
  TRY(tenant.name, parse_tenant_name(tenant.name));
  const Tenant* holder = roster.tenant(tenant.name);
  if (holder != nullptr && holder->id != tenant.id)
    return fail(Errc::exists, fmt::format("there is a tenant {} already", tenant.name));
  if (tenant.recoverable_days > kMaxRecoverableDays)
    return fail(Errc::invalid, fmt::format("removed items cannot be kept for more than {} days", kMaxRecoverableDays));
  TRY_VOID(check_journal(tenant.journal));
  TRY_VOID(check_holds(tenant.holds));
  return tenant;
}

Result<void> check_catch_all(const Roster& roster, const Domain& domain) {
  if (!domain.catch_all) return {};
  const Principal* target = roster.principal(domain.catch_all);
  if (target == nullptr)
    return fail(Errc::invalid,
                fmt::format("principal {} cannot get the unaddressed mail of {}: there is none of that number",
                            domain.catch_all.value, domain.name));
  if (target->tenant != domain.tenant)
    return fail(Errc::invalid, fmt::format("{} cannot get the unaddressed mail of {}: it belongs to another tenant",
                                           described(*target), domain.name));
  return {};
}

}  // namespace kontor::directory
