// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

Result<directory::Tenant> find_tenant(const Context& context, const std::string& name) {
  auto found = context.directory.tenant(name);
  if (!found && found.error().code == Errc::not_found)
    return fail(Errc::not_found, fmt::format("There is no tenant {}", name));
  return found;
}

// What `add` and `set` have in common. Returns whether anything is to be changed.
Result<bool> change_tenant(const Arguments& arguments, directory::Tenant& tenant) {
  TRY(auto status, arguments.optional_text("status"));
  if (status) {
    TRY(tenant.status, read_status(*status));
  }
  TRY(auto quota, arguments.size("default_quota"));
  if (quota) tenant.default_quota = *quota;
  TRY(auto days, arguments.number("recoverable_days"));
  if (days && *days > 3650) return fail(Errc::invalid, "\"recoverable_days\" must be at most 3650");
  if (days) tenant.recoverable_days = static_cast<std::uint32_t>(*days);
  return status || quota || days;
}

Result<json::value> tenant_add(Context& context, const Arguments& arguments) {
  TRY(std::string name, arguments.text("name"));
  directory::Tenant wanted;
  TRY(bool has_more, change_tenant(arguments, wanted));
  TRY(directory::Tenant tenant, context.directory.add_tenant(name));
  if (has_more) {
    TRY_VOID(change_tenant(arguments, tenant));
    TRY_VOID(context.directory.update_tenant(tenant));
  }
  return show(context, tenant);
}

Result<json::value> tenant_show(Context& context, const Arguments& arguments) {
  TRY(std::string name, arguments.text("name"));
  TRY(directory::Tenant tenant, find_tenant(context, name));
  return show(context, tenant);
}

Result<json::value> tenant_list(Context& context, const Arguments&) {
  json::array out;
  for (const directory::Tenant& tenant : context.directory.tenants()) out.push_back(show(context, tenant));
  return out;
}

Result<json::value> tenant_set(Context& context, const Arguments& arguments) {
  TRY(std::string name, arguments.text("name"));
  TRY(directory::Tenant tenant, find_tenant(context, name));
  TRY(bool changed, change_tenant(arguments, tenant));
  TRY(auto new_name, arguments.optional_text("new_name"));
  if (new_name) tenant.name = *new_name;
  if (!changed && !new_name) return fail(Errc::invalid, "Nothing to set was given");
  TRY_VOID(context.directory.update_tenant(tenant));
  TRY(directory::Tenant present, context.directory.tenant(tenant.id));
  return show(context, present);
}

Result<json::value> tenant_remove(Context& context, const Arguments& arguments) {
  TRY(std::string name, arguments.text("name"));
  TRY(directory::Tenant tenant, find_tenant(context, name));
  TRY_VOID(context.directory.remove_tenant(tenant.id));
  return json::object{{"removed", tenant.name}};
}

}  // namespace

std::span<const Verb> tenant_verbs() {
  static const std::vector<Verb> table = {
      {"tenant.add", true, {"name", "status", "default_quota", "recoverable_days"}, tenant_add},
      {"tenant.show", false, {"name"}, tenant_show},
      {"tenant.list", false, {}, tenant_list},
      {"tenant.set", true, {"name", "new_name", "status", "default_quota", "recoverable_days"}, tenant_set},
      {"tenant.remove", true, {"name"}, tenant_remove},
  };
  return table;
}

}  // namespace kontor::admin
