// SPDX-License-Identifier: AGPL-3.0-or-later
// Verbs over the filter scripts of an account.
#include <fmt/format.h>

#include "groupware/rules/scripts.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

using groupware::Caller;
using groupware::Transaction;

Result<std::shared_ptr<groupware::Account>> scripts_of(Context& context, const Arguments& arguments) {
  TRY(const std::string address, arguments.text("address"));
  TRY(const directory::Principal owner, find_principal(context, address));
  if (!owner.account()) return fail(Errc::invalid, address + " is a group and has no scripts");
  return context.accounts.open(owner.account());
}

Result<json::value> show_scripts(groupware::Account& account) {
  TRY(const auto reader, account.read(Caller::system()));
  TRY(const std::vector<std::string> names, reader->scripts());
  json::array rows;
  for (const std::string& name : names) {
    TRY(const std::string text, reader->script(name));
    rows.push_back(
        json::object{{"name", name}, {"bytes", text.size()}, {"active", name == reader->active_script().name}});
  }
  return rows;
}

Result<json::value> list_scripts(Context& context, const Arguments& arguments) {
  TRY(const auto account, scripts_of(context, arguments));
  return show_scripts(*account);
}

Result<json::value> show_script(Context& context, const Arguments& arguments) {
  TRY(const auto account, scripts_of(context, arguments));
  TRY(const auto reader, account->read(Caller::system()));
  TRY(const auto wanted, arguments.optional_text("name"));
  const std::string name = wanted.value_or(reader->active_script().name);
  if (name.empty()) return fail(Errc::not_found, "No script is active");
  TRY(const std::string text, reader->script(name));
  return json::object{{"name", name}, {"text", text}, {"active", name == reader->active_script().name}};
}

Result<json::value> put_script(Context& context, const Arguments& arguments) {
  TRY(const auto account, scripts_of(context, arguments));
  TRY(const std::string name, arguments.text("name"));
  TRY(const std::string text, arguments.text("text"));
  TRY(const auto activate, arguments.flag("activate"));
  const sieve::Compiled compiled = groupware::compile_script(text, groupware::kServerSends);
  if (!compiled.program) {
    std::string faults;
    for (const sieve::Fault& fault : compiled.faults) faults += (faults.empty() ? "" : "\n") + sieve::text_of(fault);
    return fail(Errc::invalid, faults);
  }
  TRY_VOID(account->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    TRY_VOID(transaction.put_script(name, text));
    return activate.value_or(false) ? transaction.activate_script(name) : Result<void>();
  }));
  return show_scripts(*account);
}

Result<json::value> activate_script(Context& context, const Arguments& arguments) {
  TRY(const auto account, scripts_of(context, arguments));
  TRY(const auto name, arguments.optional_text("name"));
  TRY_VOID(account->update(Caller::system(),
                           [&](Transaction& transaction) { return transaction.activate_script(name.value_or("")); }));
  return show_scripts(*account);
}

Result<json::value> remove_script(Context& context, const Arguments& arguments) {
  TRY(const auto account, scripts_of(context, arguments));
  TRY(const std::string name, arguments.text("name"));
  TRY_VOID(
      account->update(Caller::system(), [&](Transaction& transaction) { return transaction.remove_script(name); }));
  return show_scripts(*account);
}

}  // namespace

std::span<const Verb> sieve_verbs() {
  static const std::vector<Verb> table = {
      {"sieve.list", false, {"address"}, list_scripts},
      {"sieve.show", false, {"address", "name"}, show_script},
      {"sieve.put", true, {"address", "name", "text", "activate"}, put_script},
      {"sieve.activate", true, {"address", "name"}, activate_script},
      {"sieve.remove", true, {"address", "name"}, remove_script},
  };
  return table;
}

}  // namespace kontor::admin
