// SPDX-License-Identifier: AGPL-3.0-or-later
// Users, shared mailboxes, groups and resources: one set of functions, told apart by the kind that the verb's name asks
// for.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/icalendar/zones.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

using directory::Principal;
using directory::PrincipalKind;

enum class Family : std::uint8_t { user, shared, group, resource };

std::string_view family_name(Family family) {
  static constexpr std::string_view kNames[] = {"user", "shared mailbox", "group", "resource"};
  return kNames[static_cast<std::size_t>(family)];
}

bool belongs(Family family, PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::user:
      return family == Family::user;
    case PrincipalKind::shared:
      return family == Family::shared;
    case PrincipalKind::group:
      return family == Family::group;
    case PrincipalKind::room:
    case PrincipalKind::equipment:
      return family == Family::resource;
  }
  return false;
}

Result<Principal> find_of(const Context& context, const Arguments& arguments, Family family) {
  TRY(std::string address, arguments.text("address"));
  TRY(Principal found, find_principal(context, address));
  if (!belongs(family, found.kind))
    return fail(Errc::not_found, fmt::format("{} is a {}, not a {}", address, name(found.kind), family_name(family)));
  return found;
}

Result<PrincipalKind> read_kind(const Arguments& arguments, Family family) {
  switch (family) {
    case Family::user:
      return PrincipalKind::user;
    case Family::shared:
      return PrincipalKind::shared;
    case Family::group:
      return PrincipalKind::group;
    case Family::resource:
      break;
  }
  TRY(auto text, arguments.optional_text("kind"));
  auto kind = directory::parse_kind(text.value_or("room"));
  if (!kind || !belongs(Family::resource, *kind)) return fail(Errc::invalid, "A resource is a room or equipment");
  return *kind;
}

Result<void> change_addresses(const Arguments& arguments, Principal& principal) {
  TRY(auto added, arguments.texts("add_addresses"));
  TRY(auto removed, arguments.texts("remove_addresses"));
  TRY(auto primary, arguments.optional_text("primary"));
  auto& all = principal.addresses;
  for (const std::string& address : added) {
    if (std::find(all.begin(), all.end(), to_lower(address)) != all.end())
      return fail(Errc::exists, fmt::format("It has the address {} already", address));
    all.push_back(to_lower(address));
  }
  if (primary) {
    auto found = std::find(all.begin(), all.end(), to_lower(*primary));
    if (found == all.end()) return fail(Errc::not_found, fmt::format("It has no address {}; add it first", *primary));
    std::rotate(all.begin(), found, found + 1);
  }
  for (const std::string& address : removed) {
    auto found = std::find(all.begin(), all.end(), to_lower(address));
    if (found == all.end()) return fail(Errc::not_found, fmt::format("It has no address {}", address));
    all.erase(found);
  }
  if (all.empty()) return fail(Errc::invalid, "The last address cannot be removed");
  return {};
}

// `add`s and `remove`s principals, named by their addresses, to and from a list.
Result<void> change_list(const Context& context, const Arguments& arguments, std::string_view add,
                         std::string_view remove, std::string_view what, std::vector<PrincipalId>& list) {
  TRY(auto added, arguments.texts(add));
  TRY(auto removed, arguments.texts(remove));
  for (const std::string& address : added) {
    TRY(Principal one, find_principal(context, address));
    if (std::find(list.begin(), list.end(), one.id) == list.end()) list.push_back(one.id);
  }
  for (const std::string& address : removed) {
    TRY(Principal one, find_principal(context, address));
    if (std::erase(list, one.id) == 0) return fail(Errc::not_found, fmt::format("{} is no {}", address, what));
  }
  return {};
}

// Who is added again in another role has only that one.
Result<void> change_roles_of_members(const Context& context, const Arguments& arguments, Principal& principal) {
  TRY(auto editors, arguments.texts("add_members"));
  TRY(auto readers, arguments.texts("add_readers"));
  TRY(auto managers, arguments.texts("add_managers"));
  const auto put = [&](const std::vector<std::string>& addresses, std::vector<PrincipalId>* role) -> Result<void> {
    for (const std::string& address : addresses) {
      TRY(Principal member, find_principal(context, address));
      for (auto* list : {&principal.readers, &principal.managers}) std::erase(*list, member.id);
      auto& all = principal.members;
      if (std::find(all.begin(), all.end(), member.id) == all.end()) all.push_back(member.id);
      if (role) role->push_back(member.id);
    }
    return {};
  };
  TRY_VOID(put(editors, nullptr));
  TRY_VOID(put(readers, &principal.readers));
  return put(managers, &principal.managers);
}

Result<void> change_people(const Context& context, const Arguments& arguments, Principal& principal) {
  TRY_VOID(change_list(context, arguments, "add_members", "remove_members", "member", principal.members));
  TRY_VOID(change_roles_of_members(context, arguments, principal));
  TRY_VOID(change_list(context, arguments, "add_send_as", "remove_send_as", "sender as it", principal.send_as));
  return change_list(context, arguments, "add_send_on_behalf", "remove_send_on_behalf", "sender on its behalf",
                     principal.send_on_behalf);
}

Result<void> change_access(const Arguments& arguments, Principal& principal) {
  if (arguments.has("protocols")) {
    TRY(auto protocols, arguments.texts("protocols"));
    TRY(principal.protocols, read_protocols(protocols));
  }
  if (!arguments.has("roles")) return {};
  TRY(auto roles, arguments.texts("roles"));
  principal.roles.clear();
  for (const std::string& text : roles) {
    if (text == "none") continue;
    auto role = directory::parse_role(text);
    if (!role)
      return fail(
          Errc::invalid,
          fmt::format("\"{}\" is no role; there are tenant_admin, helpdesk, auditor, server_admin and none", text));
    principal.roles.push_back(*role);
  }
  return {};
}

// The quotas: a size, or null for the tenant's default; a number of messages, or null for none.
Result<void> change_quota(const Arguments& arguments, Principal& principal) {
  TRY(const auto messages, arguments.number("quota_messages"));
  if (arguments.find("quota_messages")) principal.quota_messages = messages.value_or(0);
  if (!arguments.find("quota")) return {};
  TRY(principal.quota, arguments.size("quota"));
  return {};
}

// How a resource answers. Lists are replaced by what is given; "always" and "none" empty them.
Result<void> change_booking(const Context& context, const Arguments& arguments, directory::BookingPolicy& policy) {
  TRY(const auto answer, arguments.optional_text("booking"));
  if (answer) {
    const auto known = directory::parse_booking_answer(*answer);
    if (!known)
      return fail(Errc::invalid,
                  fmt::format("\"{}\" is no way to answer; there are automatic, approval and manual", *answer));
    policy.answer = *known;
  }
  TRY(const auto series, arguments.optional_text("series"));
  if (series && *series != "yes" && *series != "no") return fail(Errc::invalid, "Series are taken: yes or no");
  if (series) policy.takes_series = *series == "yes";
  for (const auto& [key, into] :
       {std::pair("conflicts", &policy.most_conflicts), std::pair("window_days", &policy.window_days),
        std::pair("longest_minutes", &policy.longest_minutes)}) {
    TRY(const auto number, arguments.number(key));
    if (number && *number > 1'000'000) return fail(Errc::invalid, fmt::format("{} is too much", *number));
    if (number) *into = static_cast<std::uint32_t>(*number);
  }
  if (arguments.has("hours")) {
    TRY(const auto texts, arguments.texts("hours"));
    policy.hours.clear();
    for (const std::string& text : texts) {
      if (text == "always") continue;
      TRY(const auto hours, directory::parse_hours(text));
      policy.hours.push_back(hours);
    }
  }
  TRY(const auto zone, arguments.optional_text("zone"));
  if (zone) {
    static const icalendar::ZoneDatabase zones;
    if (!zone->empty() && !zones.find(*zone))
      return fail(Errc::invalid, fmt::format("There is no time zone {}; they are like Europe/Berlin", *zone));
    policy.zone = *zone;
  }
  return change_list(context, arguments, "add_approvers", "remove_approvers", "approver", policy.approvers);
}

Result<void> change_principal(const Context& context, const Arguments& arguments, Principal& principal) {
  TRY(auto new_name, arguments.optional_text("name"));
  if (new_name) principal.name = *new_name;
  TRY(auto status, arguments.optional_text("status"));
  if (status) {
    TRY(principal.status, read_status(*status));
  }
  TRY_VOID(change_quota(arguments, principal));
  TRY_VOID(change_addresses(arguments, principal));
  TRY_VOID(change_people(context, arguments, principal));
  TRY_VOID(change_contact(arguments, principal));
  TRY_VOID(change_booking(context, arguments, principal.booking));
  return change_access(arguments, principal);
}

// Everything is checked before the first write; what still fails afterwards takes the new principal away again.
template <Family family>
Result<json::value> principal_add(Context& context, const Arguments& arguments) {
  directory::NewPrincipal wanted;
  TRY(wanted.kind, read_kind(arguments, family));
  TRY(wanted.address, arguments.text("address"));
  TRY(auto display, arguments.optional_text("name"));
  wanted.name = display.value_or("");
  TRY(Secret secret, read_secret(arguments));
  TRY(const auto photo, read_photo(arguments));
  Principal draft;
  draft.addresses = {to_lower(wanted.address)};
  TRY_VOID(change_principal(context, arguments, draft));
  wanted.status = draft.status;
  wanted.quota = draft.quota;

  TRY(Principal made, context.directory.add_principal(wanted));
  auto finish = [&]() -> Result<void> {
    Principal full = made;
    TRY_VOID(change_principal(context, arguments, full));
    if (full.addresses != made.addresses || full.members != made.members || full.protocols != made.protocols ||
        full.quota_messages != made.quota_messages || full.roles != made.roles || full.send_as != made.send_as ||
        full.send_on_behalf != made.send_on_behalf || full.contact || full.is_hidden || full.booking != made.booking)
      TRY_VOID(context.directory.update_principal(full));
    if (photo) TRY_VOID(context.directory.set_photo(made.id, *photo));
    return apply_secret(context, made.id, secret);
  };
  if (auto finished = finish(); !finished) {
    (void)context.directory.remove_principal(made.id);
    return std::unexpected(finished.error());
  }
  TRY(Principal present, context.directory.principal(made.id));
  return show(context, present);
}

template <Family family>
Result<json::value> principal_show(Context& context, const Arguments& arguments) {
  TRY(Principal found, find_of(context, arguments, family));
  json::object out = show(context, found);
  json::array groups;
  for (PrincipalId id : context.directory.groups_of(found.id))
    if (auto group = context.directory.principal(id)) groups.emplace_back(group->primary_address());
  out["groups"] = std::move(groups);
  if (found.account()) {
    TRY(auto account, context.accounts.open(found.account()));
    TRY(auto reader, account->read(groupware::Caller::system()));
    groupware::Usage usage = reader->usage();
    out["used"] = usage.bytes;
    out["items"] = usage.items;
  }
  return out;
}

template <Family family>
Result<json::value> principal_list(Context& context, const Arguments& arguments) {
  TRY(auto tenant_name, arguments.optional_text("tenant"));
  TRY(auto domain, arguments.optional_text("domain"));
  TenantId tenant;
  if (tenant_name) {
    auto found = context.directory.tenant(*tenant_name);
    if (!found) return fail(Errc::not_found, fmt::format("There is no tenant {}", *tenant_name));
    tenant = found->id;
  }
  if (domain && !context.directory.domain(*domain))
    return fail(Errc::not_found, fmt::format("There is no domain {}", *domain));
  json::array out;
  for (const Principal& principal : context.directory.principals(tenant)) {
    if (!belongs(family, principal.kind)) continue;
    if (domain && !principal.primary_address().ends_with("@" + to_lower(*domain))) continue;
    out.push_back(show(context, principal));
  }
  return out;
}

template <Family family>
Result<json::value> principal_set(Context& context, const Arguments& arguments) {
  TRY(Principal found, find_of(context, arguments, family));
  TRY(const auto photo, read_photo(arguments));
  TRY_VOID(change_principal(context, arguments, found));
  TRY_VOID(context.directory.update_principal(found));
  if (photo) TRY_VOID(context.directory.set_photo(found.id, *photo));
  TRY(Principal present, context.directory.principal(found.id));
  return show(context, present);
}

// The principal goes first: from then on nothing new arrives. A crash in between leaves data that no id will ever
// reach, and `check --repair` removes.
template <Family family>
Result<json::value> principal_remove(Context& context, const Arguments& arguments) {
  TRY(Principal found, find_of(context, arguments, family));
  AccountId account = found.account();
  TRY_VOID(context.directory.remove_principal(found.id));
  if (account) TRY_VOID(context.accounts.erase(account));
  return json::object{{"removed", found.primary_address()}};
}

template <Family family>
void add_family(std::vector<Verb>& table, std::vector<std::string_view> names, std::vector<std::string_view> own) {
  auto with = [&](std::vector<std::string_view> common) {
    common.insert(common.end(), own.begin(), own.end());
    common.insert(common.end(), contact_arguments().begin(), contact_arguments().end());
    return common;
  };
  std::vector<std::string_view> add = with(
      {"address", "name", "status", "quota", "quota_messages", "add_addresses", "add_send_as", "add_send_on_behalf"});
  if constexpr (family == Family::user) add.insert(add.end(), {"password", "password_hash"});
  if constexpr (family == Family::resource) add.push_back("kind");
  table.push_back({names[0], true, add, principal_add<family>});
  table.push_back({names[1], false, {"address"}, principal_show<family>});
  table.push_back({names[2], false, {"tenant", "domain"}, principal_list<family>});
  table.push_back({names[3], true,
                   with({"address", "name", "status", "quota", "quota_messages", "add_addresses", "remove_addresses",
                         "primary", "add_send_as", "remove_send_as", "add_send_on_behalf", "remove_send_on_behalf"}),
                   principal_set<family>});
  table.push_back({names[4], true, {"address"}, principal_remove<family>});
}

}  // namespace

std::span<const Verb> principal_verbs() {
  static const std::vector<Verb> table = [] {
    std::vector<Verb> rows;
    add_family<Family::user>(rows, {"user.add", "user.show", "user.list", "user.set", "user.remove"},
                             {"protocols", "roles"});
    add_family<Family::shared>(rows, {"shared.add", "shared.show", "shared.list", "shared.set", "shared.remove"},
                               {"add_members", "remove_members", "add_readers", "add_managers"});
    add_family<Family::group>(rows, {"group.add", "group.show", "group.list", "group.set", "group.remove"},
                              {"add_members", "remove_members"});
    add_family<Family::resource>(rows,
                                 {"resource.add", "resource.show", "resource.list", "resource.set", "resource.remove"},
                                 {"booking", "series", "conflicts", "window_days", "longest_minutes", "hours", "zone",
                                  "add_approvers", "remove_approvers"});
    return rows;
  }();
  return table;
}

}  // namespace kontor::admin
