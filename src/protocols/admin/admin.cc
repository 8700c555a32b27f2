// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/admin/admin.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

Result<json::object> read_object(std::string_view text) {
  if (text.empty()) return json::object();
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error) return fail(Errc::invalid, "The arguments are no JSON");
  if (!value.is_object()) return fail(Errc::invalid, "The arguments must be a JSON object");
  return std::move(value.get_object());
}

Result<std::string> call(const Verb& verb, Context& context, std::string_view text) {
  TRY(json::object object, read_object(text));
  for (const auto& pair : object)
    if (std::find(verb.arguments.begin(), verb.arguments.end(), std::string_view(pair.key())) == verb.arguments.end())
      return fail(Errc::invalid, fmt::format("{} takes no \"{}\"", verb.name, std::string_view(pair.key())));
  TRY(json::value answer, verb.run(context, Arguments(object)));
  return json::serialize(answer);
}

json::object count(const directory::Directory& directory) {
  std::map<directory::PrincipalKind, std::uint64_t> kinds;
  for (const directory::Principal& principal : directory.principals(TenantId())) ++kinds[principal.kind];
  json::object principals;
  for (const auto& [kind, number] : kinds) principals[name(kind)] = number;
  return {{"tenants", directory.tenants().size()},
          {"domains", directory.domains(TenantId()).size()},
          {"principals", principals}};
}

// Who or what a change was about, for the log. Arguments themselves may hold secrets.
std::string target_of(std::string_view text) {
  auto object = read_object(text);
  if (!object) return "";
  for (std::string_view key : {"address", "name"})
    if (const json::value* value = object->if_contains(key); value && value->is_string())
      return std::string(value->get_string());
  return "";
}

}  // namespace

Admin::Admin(directory::Directory& directory, groupware::Accounts& accounts, StatusSource status, const Clock& clock) {
  for (std::span<const Verb> part : {tenant_verbs(), domain_verbs(), principal_verbs(), password_verbs(), store_verbs(),
                                     rights_verbs(), recover_verbs(), search_verbs(), sieve_verbs(), rule_verbs(),
                                     preference_verbs(), journal_verbs(), hold_verbs(), sender_verbs(), feed_verbs()})
    for (const Verb& verb : part)
      add(std::string(verb.name), verb.changes,
          [this, &verb, &directory, &accounts, &clock](std::string_view arguments) {
            Context context{directory, accounts, clock, checks_};
            return call(verb, context, arguments);
          });
  add("status", false, [&directory, status](std::string_view) -> Result<std::string> {
    json::object out = status ? json::parse(status()).as_object() : json::object{{"running", false}};
    for (auto& pair : count(directory)) out[pair.key()] = pair.value();
    return json::serialize(out);
  });
}

Admin::~Admin() = default;

void Admin::add(std::string name, bool changes, Function function) {
  check(rows_.emplace(std::move(name), Row{changes, std::move(function)}).second, "a verb is added once");
}

Result<std::string> Admin::run(std::string_view verb, std::string_view arguments) {
  auto row = rows_.find(verb);
  if (row == rows_.end()) return fail(Errc::not_found, fmt::format("There is no verb \"{}\"", verb));
  if (!row->second.changes) return row->second.function(arguments);
  Result<std::string> result = [&] {
    std::lock_guard lock(changing_);
    return row->second.function(arguments);
  }();
  log::info("admin.change", {{"verb", verb},
                             {"target", target_of(arguments)},
                             {"result", result ? std::string_view("ok") : name(result.error().code)}});
  return result;
}

std::vector<std::string> Admin::verbs() const {
  std::vector<std::string> names;
  for (const auto& [name, row] : rows_) names.push_back(name);
  return names;
}

std::string error_json(const Error& error) {
  return json::serialize(json::object{{"error", json::object{{"code", name(error.code)}, {"text", error.text}}}});
}

}  // namespace kontor::admin
