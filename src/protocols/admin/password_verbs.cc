// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include "directory/password.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

constexpr std::size_t kLongestPassword = 1024;  // hashing cost is bounded by the length

Result<directory::Principal> find_user(const Context& context, const Arguments& arguments) {
  TRY(std::string address, arguments.text("address"));
  TRY(directory::Principal found, find_principal(context, address));
  if (found.kind != directory::PrincipalKind::user)
    return fail(Errc::invalid, fmt::format("{} is a {}; only users have passwords", address, name(found.kind)));
  return found;
}

Result<json::value> passwd(Context& context, const Arguments& arguments) {
  TRY(directory::Principal user, find_user(context, arguments));
  TRY(Secret secret, read_secret(arguments));
  if (!secret.password && !secret.hash)
    return fail(Errc::invalid, "Neither \"password\" nor \"password_hash\" was given");
  TRY_VOID(apply_secret(context, user.id, secret));
  return json::object{{"changed", user.primary_address()}};
}

json::object show_app_password(const directory::AppPassword& app) {
  return {{"id", app.id},
          {"label", app.label},
          {"created", show(app.created)},
          {"protocols", show_protocols(app.protocols)}};
}

Result<json::value> app_password_add(Context& context, const Arguments& arguments) {
  TRY(directory::Principal user, find_user(context, arguments));
  TRY(std::string label, arguments.text("label"));
  TRY(auto names, arguments.texts("protocols"));
  std::uint32_t protocols = directory::kAllProtocols;
  if (!names.empty()) {
    TRY(protocols, read_protocols(names));
  }
  TRY(directory::NewAppPassword made, context.directory.add_app_password(user.id, label, protocols));
  json::object out = show_app_password(made.info);
  out["secret"] = made.secret;
  return out;
}

Result<json::value> app_password_list(Context& context, const Arguments& arguments) {
  TRY(directory::Principal user, find_user(context, arguments));
  json::array out;
  for (const directory::AppPassword& app : context.directory.app_passwords(user.id))
    out.push_back(show_app_password(app));
  return out;
}

Result<json::value> app_password_remove(Context& context, const Arguments& arguments) {
  TRY(directory::Principal user, find_user(context, arguments));
  TRY(auto id, arguments.number("id"));
  if (!id) return fail(Errc::invalid, "\"id\" is missing");
  TRY_VOID(context.directory.remove_app_password(user.id, *id));
  return json::object{{"removed", *id}};
}

}  // namespace

Result<Secret> read_secret(const Arguments& arguments) {
  Secret secret;
  TRY(secret.password, arguments.optional_text("password"));
  TRY(secret.hash, arguments.optional_text("password_hash"));
  if (secret.password && secret.hash) return fail(Errc::invalid, "Give a password or a password hash, not both");
  if (secret.password && secret.password->empty()) return fail(Errc::invalid, "The password is empty");
  if (secret.password && secret.password->size() > kLongestPassword)
    return fail(Errc::invalid, fmt::format("The password is longer than {} bytes", kLongestPassword));
  if (secret.hash) TRY_VOID(directory::check_hash_form(*secret.hash));
  return secret;
}

Result<void> apply_secret(Context& context, PrincipalId id, const Secret& secret) {
  if (secret.password) return context.directory.set_password(id, *secret.password);
  if (secret.hash) return context.directory.set_password_hash(id, *secret.hash);
  return {};
}

std::span<const Verb> password_verbs() {
  static const std::vector<Verb> table = {
      {"user.passwd", true, {"address", "password", "password_hash"}, passwd},
      {"user.app-password.add", true, {"address", "label", "protocols"}, app_password_add},
      {"user.app-password.list", false, {"address"}, app_password_list},
      {"user.app-password.remove", true, {"address", "id"}, app_password_remove},
  };
  return table;
}

}  // namespace kontor::admin
