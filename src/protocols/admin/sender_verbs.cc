// SPDX-License-Identifier: AGPL-3.0-or-later
// Verbs over the senders whose mail a tenant or a user wants, or does not.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "groupware/rules/rule_list.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

using groupware::Caller;

constexpr std::size_t kMostSenders = 10'000;

// An address, or a domain as "@example.org", in lower case.
Result<std::string> read_sender(const std::string& text) {
  std::string sender = to_lower(text);
  const auto at = sender.rfind('@');
  const auto is_bad = [](char c) { return static_cast<unsigned char>(c) <= 32 || c == 127 || c == '"' || c == ','; };
  if (at == std::string::npos || at + 1 == sender.size() || sender.size() > 320 || std::ranges::any_of(sender, is_bad))
    return fail(Errc::invalid, fmt::format("\"{}\" is neither an address nor a domain as \"@example.org\"", text));
  return sender;
}

json::array senders_shown(const std::vector<std::string>& senders) {
  json::array out;
  for (const std::string& one : senders) out.emplace_back(one);
  return out;
}

enum class Wanted : std::uint8_t { allow, block, refuse, forget };

Result<json::value> tenant_senders(Context& context, const std::string& name, std::optional<Wanted> wanted,
                                   const std::string& sender) {
  TRY(directory::Tenant tenant, context.directory.tenant(name));
  if (wanted) {
    for (auto* list : {&tenant.allowed_senders, &tenant.blocked_senders, &tenant.refused_senders})
      std::erase(*list, sender);
    auto& into = *wanted == Wanted::allow   ? tenant.allowed_senders
                 : *wanted == Wanted::block ? tenant.blocked_senders
                                            : tenant.refused_senders;
    if (*wanted != Wanted::forget) into.push_back(sender);
    if (into.size() > kMostSenders)
      return fail(Errc::invalid, fmt::format("A list has at most {} senders", kMostSenders));
    TRY_VOID(context.directory.update_tenant(tenant));
  }
  return json::object{{"tenant", tenant.name},
                      {"allowed", senders_shown(tenant.allowed_senders)},
                      {"blocked", senders_shown(tenant.blocked_senders)},
                      {"refused", senders_shown(tenant.refused_senders)}};
}

Result<json::value> user_senders(Context& context, const std::string& address, std::optional<Wanted> wanted,
                                 const std::string& sender) {
  TRY(const directory::Principal owner, find_principal(context, address));
  if (!owner.account()) return fail(Errc::invalid, address + " is a group and has no rules");
  if (wanted == Wanted::refuse) return fail(Errc::invalid, "Only a tenant can refuse senders; block it instead");
  TRY(const auto account, context.accounts.open(owner.account()));
  if (wanted)
    TRY_VOID(groupware::change_rules(
        *account, Caller::system(), groupware::kServerSends, [&](sieve::RuleList& list) -> Result<void> {
          if (!sieve::find_rule<sieve::JunkRule>(list))
            list.rules.insert(list.rules.begin(), sieve::Rule{"", true, sieve::JunkRule()});
          sieve::JunkRule& rule = *sieve::find_rule<sieve::JunkRule>(list);
          for (auto* entries : {&rule.always, &rule.never}) std::erase(*entries, sender);
          if (*wanted != Wanted::forget) (*wanted == Wanted::allow ? rule.never : rule.always).push_back(sender);
          if (rule.always.empty() && rule.never.empty())
            std::erase_if(list.rules, [](const sieve::Rule& one) {
              const auto* junk = std::get_if<sieve::JunkRule>(&one.what);
              return junk && junk->always.empty() && junk->never.empty();
            });
          TRY_VOID(sieve::rules_of_json(sieve::to_json(list)));
          return {};
        }));
  TRY(const auto reader, account->read(Caller::system()));
  TRY(sieve::RuleList list, groupware::account_rules(*reader));
  const auto* rule = sieve::find_rule<sieve::JunkRule>(list);
  return json::object{{"user", owner.primary_address()},
                      {"allowed", rule ? senders_shown(rule->never) : json::array()},
                      {"blocked", rule ? senders_shown(rule->always) : json::array()}};
}

Result<json::value> senders(Context& context, const Arguments& arguments, std::optional<Wanted> wanted) {
  TRY(const auto tenant, arguments.optional_text("tenant"));
  TRY(const auto user, arguments.optional_text("user"));
  if (tenant.has_value() == user.has_value()) return fail(Errc::invalid, "Name a tenant or a user");
  std::string sender;
  if (wanted) {
    TRY(const std::string text, arguments.text("sender"));
    TRY(sender, read_sender(text));
  }
  return tenant ? tenant_senders(context, *tenant, wanted, sender) : user_senders(context, *user, wanted, sender);
}

}  // namespace

std::span<const Verb> sender_verbs() {
  static const std::vector<Verb> table = {
      {"sender.list",
       false,
       {"tenant", "user"},
       [](Context& context, const Arguments& arguments) { return senders(context, arguments, std::nullopt); }},
      {"sender.allow",
       true,
       {"tenant", "user", "sender"},
       [](Context& context, const Arguments& arguments) { return senders(context, arguments, Wanted::allow); }},
      {"sender.block",
       true,
       {"tenant", "user", "sender"},
       [](Context& context, const Arguments& arguments) { return senders(context, arguments, Wanted::block); }},
      {"sender.refuse",
       true,
       {"tenant", "user", "sender"},
       [](Context& context, const Arguments& arguments) { return senders(context, arguments, Wanted::refuse); }},
      {"sender.forget",
       true,
       {"tenant", "user", "sender"},
       [](Context& context, const Arguments& arguments) { return senders(context, arguments, Wanted::forget); }},
  };
  return table;
}

}  // namespace kontor::admin
