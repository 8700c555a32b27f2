// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>

#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

using directory::Protocol;

constexpr std::array kProtocols = {Protocol::imap,        Protocol::pop3, Protocol::submission,
                                   Protocol::managesieve, Protocol::jmap, Protocol::dav,
                                   Protocol::eas,         Protocol::ews,  Protocol::web};

std::string tenant_name(const Context& context, TenantId id) {
  auto tenant = context.directory.tenant(id);
  return tenant ? tenant->name : std::string();
}

json::array addresses_of(const Context& context, const std::vector<PrincipalId>& ids) {
  json::array out;
  for (PrincipalId id : ids)
    if (auto principal = context.directory.principal(id)) out.emplace_back(principal->primary_address());
  return out;
}

json::array text_array(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

}  // namespace

std::string show(Instant at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(at.time_since_epoch().count()));
}

json::array show_protocols(std::uint32_t protocols) {
  if (protocols == directory::kAllProtocols) return json::array{"all"};
  json::array out;
  for (Protocol protocol : kProtocols)
    if (protocols & static_cast<std::uint32_t>(protocol)) out.emplace_back(name(protocol));
  return out;
}

json::object show(const Context& context, const directory::Tenant& tenant) {
  json::object metadata;
  for (const auto& [entry, value] : tenant.metadata) metadata[entry] = value;
  return {{"id", tenant.id.value},
          {"name", tenant.name},
          {"status", name(tenant.status)},
          {"default_quota", tenant.default_quota},
          {"recoverable_days", tenant.recoverable_days},
          {"metadata", metadata},
          {"domains", context.directory.domains(tenant.id).size()},
          {"principals", context.directory.principals(tenant.id).size()}};
}

json::object show(const Context& context, const directory::Domain& domain) {
  json::value catch_all;
  if (domain.catch_all)
    if (auto principal = context.directory.principal(domain.catch_all)) catch_all = principal->primary_address();
  return {{"id", domain.id.value},
          {"name", domain.name},
          {"tenant", tenant_name(context, domain.tenant)},
          {"catch_all", catch_all},
          {"subaddressing", domain.subaddressing}};
}

json::object show(const Context& context, const directory::Principal& principal) {
  json::array roles;
  for (directory::Role role : principal.roles) roles.emplace_back(name(role));
  json::object out = {{"id", principal.id.value},
                      {"kind", name(principal.kind)},
                      {"address", principal.primary_address()},
                      {"addresses", text_array(principal.addresses)},
                      {"name", principal.name},
                      {"tenant", tenant_name(context, principal.tenant)},
                      {"status", name(principal.status)},
                      {"created", show(principal.created)}};
  if (principal.kind == directory::PrincipalKind::group || principal.kind == directory::PrincipalKind::shared)
    out["members"] = addresses_of(context, principal.members);
  if (principal.kind == directory::PrincipalKind::shared) {
    out["readers"] = addresses_of(context, principal.readers);
    out["managers"] = addresses_of(context, principal.managers);
  }
  show_contact(principal, out);
  out["send_as"] = addresses_of(context, principal.send_as);
  out["send_on_behalf"] = addresses_of(context, principal.send_on_behalf);
  if (principal.kind == directory::PrincipalKind::group) return out;
  out["own_quota"] = principal.quota ? json::value(*principal.quota) : json::value();
  out["quota"] = context.directory.quota_bytes(principal.id);
  out["quota_messages"] = principal.quota_messages;
  out["protocols"] = show_protocols(principal.protocols);
  out["roles"] = std::move(roles);
  if (principal.kind != directory::PrincipalKind::room && principal.kind != directory::PrincipalKind::equipment)
    return out;
  const directory::BookingPolicy& policy = principal.booking;
  json::array hours;
  for (const auto& each : policy.hours) hours.emplace_back(print(each));
  out["booking"] = name(policy.answer);
  out["series"] = policy.takes_series ? "yes" : "no";
  out["conflicts"] = policy.most_conflicts;
  out["window_days"] = policy.window_days;
  out["longest_minutes"] = policy.longest_minutes;
  out["hours"] = std::move(hours);
  out["zone"] = policy.zone;
  out["approvers"] = addresses_of(context, policy.approvers);
  return out;
}

Result<std::uint32_t> read_protocols(const std::vector<std::string>& names) {
  std::uint32_t bits = 0;
  for (const std::string& text : names) {
    if (text == "all") return directory::kAllProtocols;
    if (text == "none") continue;
    auto protocol = directory::parse_protocol(text);
    if (!protocol) {
      std::string known;
      for (Protocol each : kProtocols) known += std::string(name(each)) + ", ";
      return fail(Errc::invalid, fmt::format("\"{}\" is no protocol; there are {}all and none", text, known));
    }
    bits |= static_cast<std::uint32_t>(*protocol);
  }
  return bits;
}

Result<directory::Status> read_status(const std::string& text) {
  auto status = directory::parse_status(text);
  if (!status)
    return fail(Errc::invalid, fmt::format("\"{}\" is no status; there are active, inactive and suspended", text));
  return *status;
}

Result<directory::Principal> find_principal(const Context& context, const std::string& address) {
  auto found = context.directory.by_address(address);
  if (!found && found.error().code == Errc::not_found)
    return fail(Errc::not_found, fmt::format("There is no address {}", address));
  return found;
}

}  // namespace kontor::admin
