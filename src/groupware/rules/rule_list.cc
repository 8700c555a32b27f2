// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/rules/rule_list.h"

#include <algorithm>

namespace kontor::groupware {
namespace {

const std::string kName(sieve::kRulesScript);

bool includes(const sieve::RuleList& list, const std::string& script) {
  return std::ranges::any_of(list.rules, [&](const sieve::Rule& rule) {
    const auto* include = std::get_if<sieve::IncludeRule>(&rule.what);
    return include && include->script == script;
  });
}

Result<void> store(Transaction& transaction, const sieve::RuleList& list, Sending sending) {
  const std::string active = transaction.active_script().name;
  const bool is_kept = transaction.script(kName).has_value();
  const auto* only = list.rules.size() == 1 && list.requires_more.empty() && list.rules[0].is_enabled
                         ? std::get_if<sieve::IncludeRule>(&list.rules[0].what)
                         : nullptr;
  if (list.rules.empty() || only) {
    if (active == kName)
      TRY_VOID(transaction.activate_script(only && transaction.script(only->script) ? only->script : ""));
    return is_kept ? transaction.remove_script(kName) : Result<void>();
  }
  const std::string text = sieve::print(list);
  const sieve::Compiled compiled = compile_script(text, sending);
  if (!compiled.program) return fail(Errc::invalid, compiled.faults.front().text);
  TRY_VOID(transaction.put_script(kName, text));
  return transaction.activate_script(kName);
}

}  // namespace

Result<sieve::RuleList> account_rules(const Reader& reader) {
  const auto text = reader.script(kName);
  if (!text && text.error().code == Errc::not_found) return sieve::RuleList();
  if (!text) return std::unexpected(text.error());
  if (auto list = sieve::read_rules(*text)) return *std::move(list);
  return fail(Errc::conflict, "the script \"" + kName + "\" was written by hand: rename it first");
}

Result<void> change_rules(Account& account, const Caller& caller, Sending sending,
                          const std::function<Result<void>(sieve::RuleList&)>& change) {
  TRY_VOID(account.update(caller, [&](Transaction& transaction) -> Result<void> {
    TRY(sieve::RuleList list, account_rules(transaction));
    const std::string active = transaction.active_script().name;
    if (!active.empty() && active != kName && !includes(list, active))
      list.rules.push_back({"", true, sieve::IncludeRule{active}});
    TRY_VOID(change(list));
    return store(transaction, list, sending);
  }));
  return {};
}

}  // namespace kontor::groupware
