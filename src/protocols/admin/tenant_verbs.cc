// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include "base/bytes.h"
#include "formats/mime/charset.h"
#include "protocols/admin/verb.h"
#include "wire/imap/metadata_request.h"

namespace kontor::admin {
namespace {

Result<directory::Tenant> find_tenant(const Context& context, const std::string& name) {
  auto found = context.directory.tenant(name);
  if (!found && found.error().code == Errc::not_found)
    return fail(Errc::not_found, fmt::format("There is no tenant {}", name));
  return found;
}

constexpr std::size_t kMostMetadata = 20;
constexpr std::size_t kLongestMetadata = 4096;

// "/shared/comment=Ask the desk"; without a value the entry goes.
Result<void> change_metadata(const std::string& text, std::map<std::string, std::string>& metadata) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) return fail(Errc::invalid, "\"metadata\" must be like /shared/comment=text");
  const std::string entry = to_lower(text.substr(0, equals)), value = text.substr(equals + 1);
  if (!entry.starts_with("/shared/") || !wire::imap::is_metadata_entry(entry))
    return fail(Errc::invalid, fmt::format("{} cannot be an entry: they begin with /shared/", entry));
  if (value.size() > kLongestMetadata || !mime::is_utf8(value) || value.find('\0') != std::string::npos)
    return fail(Errc::invalid,
                fmt::format("The value of {} must be text of at most {} bytes", entry, kLongestMetadata));
  // RFC 5464 section 6.2.1.2
  if (entry == "/shared/admin" && !value.empty() && value.find(':') == std::string::npos)
    return fail(Errc::invalid, "/shared/admin must be a URI, like mailto:admin@example.org");
  if (value.empty())
    metadata.erase(entry);
  else
    metadata[entry] = value;
  if (metadata.size() > kMostMetadata)
    return fail(Errc::invalid, fmt::format("There may be at most {} entries", kMostMetadata));
  return {};
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
  TRY(const auto metadata, arguments.texts("metadata"));
  for (const std::string& one : metadata) TRY_VOID(change_metadata(one, tenant.metadata));
  return status || quota || days || !metadata.empty();
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
      {"tenant.add", true, {"name", "status", "default_quota", "recoverable_days", "metadata"}, tenant_add},
      {"tenant.show", false, {"name"}, tenant_show},
      {"tenant.list", false, {}, tenant_list},
      {"tenant.set", true, {"name", "new_name", "status", "default_quota", "recoverable_days", "metadata"}, tenant_set},
      {"tenant.remove", true, {"name"}, tenant_remove},
  };
  return table;
}

}  // namespace kontor::admin
