// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

Result<directory::Domain> find_domain(const Context& context, const std::string& name) {
  auto found = context.directory.domain(name);
  if (!found && found.error().code == Errc::not_found)
    return fail(Errc::not_found, fmt::format("There is no domain {}", name));
  return found;
}

// An empty `catch_all` takes it away.
Result<bool> change_domain(const Context& context, const Arguments& arguments, directory::Domain& domain) {
  TRY(auto catch_all, arguments.optional_text("catch_all"));
  if (catch_all && catch_all->empty()) domain.catch_all = PrincipalId();
  if (catch_all && !catch_all->empty()) {
    TRY(directory::Principal target, find_principal(context, *catch_all));
    if (target.tenant != domain.tenant) return fail(Errc::invalid, "The catch-all address belongs to another tenant");
    domain.catch_all = target.id;
  }
  TRY(auto subaddressing, arguments.flag("subaddressing"));
  if (subaddressing) domain.subaddressing = *subaddressing;
  return catch_all || subaddressing;
}

Result<json::value> domain_add(Context& context, const Arguments& arguments) {
  TRY(std::string name, arguments.text("name"));
  TRY(std::string tenant_name, arguments.text("tenant"));
  TRY(auto subaddressing, arguments.flag("subaddressing"));
  auto tenant = context.directory.tenant(tenant_name);
  if (!tenant) return fail(Errc::not_found, fmt::format("There is no tenant {}", tenant_name));
  TRY(directory::Domain domain, context.directory.add_domain(tenant->id, name));
  if (subaddressing && *subaddressing != domain.subaddressing) {
    domain.subaddressing = *subaddressing;
    TRY_VOID(context.directory.update_domain(domain));
  }
  return show(context, domain);
}

Result<json::value> domain_show(Context& context, const Arguments& arguments) {
  TRY(std::string name, arguments.text("name"));
  TRY(directory::Domain domain, find_domain(context, name));
  return show(context, domain);
}

Result<json::value> domain_list(Context& context, const Arguments& arguments) {
  TRY(auto tenant_name, arguments.optional_text("tenant"));
  TenantId tenant;
  if (tenant_name) {
    auto found = context.directory.tenant(*tenant_name);
    if (!found) return fail(Errc::not_found, fmt::format("There is no tenant {}", *tenant_name));
    tenant = found->id;
  }
  json::array out;
  for (const directory::Domain& domain : context.directory.domains(tenant)) out.push_back(show(context, domain));
  return out;
}

Result<json::value> domain_set(Context& context, const Arguments& arguments) {
  TRY(std::string name, arguments.text("name"));
  TRY(directory::Domain domain, find_domain(context, name));
  TRY(bool changed, change_domain(context, arguments, domain));
  if (!changed) return fail(Errc::invalid, "Nothing to set was given");
  TRY_VOID(context.directory.update_domain(domain));
  return show(context, domain);
}

Result<json::value> domain_remove(Context& context, const Arguments& arguments) {
  TRY(std::string name, arguments.text("name"));
  TRY(directory::Domain domain, find_domain(context, name));
  TRY_VOID(context.directory.remove_domain(domain.id));
  return json::object{{"removed", domain.name}};
}

}  // namespace

std::span<const Verb> domain_verbs() {
  static const std::vector<Verb> table = {
      {"domain.add", true, {"name", "tenant", "subaddressing"}, domain_add},
      {"domain.show", false, {"name"}, domain_show},
      {"domain.list", false, {"tenant"}, domain_list},
      {"domain.set", true, {"name", "catch_all", "subaddressing"}, domain_set},
      {"domain.remove", true, {"name"}, domain_remove},
  };
  return table;
}

}  // namespace kontor::admin
