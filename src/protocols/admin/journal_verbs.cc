// SPDX-License-Identifier: AGPL-3.0-or-later
// Which of a tenant's mail is copied to an archive.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "directory/address.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

using directory::JournalRule;

constexpr std::array<std::pair<std::string_view, std::uint8_t>, 3> kDirections = {
    {{"in", JournalRule::kIn}, {"out", JournalRule::kOut}, {"internal", JournalRule::kInternal}}};

Result<directory::Tenant> journaled_tenant(const Context& context, const Arguments& arguments) {
  TRY(const std::string name, arguments.text("name"));
  auto found = context.directory.tenant(name);
  if (!found && found.error().code == Errc::not_found)
    return fail(Errc::not_found, fmt::format("There is no tenant {}", name));
  return found;
}

json::object show_rule(const Context& context, const JournalRule& rule) {
  json::array directions, only;
  for (const auto& [word, bit] : kDirections)
    if ((rule.directions & bit) != 0) directions.emplace_back(word);
  for (const PrincipalId id : rule.people) {
    const auto who = context.directory.principal(id);
    only.emplace_back(who ? who->primary_address() : fmt::format("(gone: {})", id.value));
  }
  for (const std::string& domain : rule.domains) only.emplace_back("@" + domain);
  return {{"to", rule.address}, {"directions", std::move(directions)}, {"only", std::move(only)}};
}

json::object show_journal(const Context& context, const directory::Tenant& tenant) {
  json::array rules;
  for (const JournalRule& rule : tenant.journal) rules.push_back(show_rule(context, rule));
  return {{"tenant", tenant.name}, {"rules", std::move(rules)}};
}

Result<std::uint8_t> read_directions(const std::vector<std::string>& words) {
  std::uint8_t bits = 0;
  for (const std::string& word : words) {
    const auto known = std::ranges::find(kDirections, word, &std::pair<std::string_view, std::uint8_t>::first);
    if (known == kDirections.end())
      return fail(Errc::invalid, fmt::format("\"{}\" is no direction; there are in, out and internal", word));
    bits |= known->second;
  }
  return words.empty() ? JournalRule::kAll : bits;
}

// "ada@example.org" (a group: its members too) or "@example.org", of the tenant itself.
Result<void> read_only(const Context& context, const directory::Tenant& tenant, const std::vector<std::string>& texts,
                       JournalRule& rule) {
  for (const std::string& text : texts) {
    if (text.starts_with('@')) {
      TRY(const std::string name, directory::parse_domain(text.substr(1)));
      const auto domain = context.directory.domain(name);
      if (!domain || domain->tenant != tenant.id)
        return fail(Errc::not_found, fmt::format("There is no domain {} in {}", name, tenant.name));
      rule.domains.push_back(name);
      continue;
    }
    TRY(const directory::Principal who, find_principal(context, text));
    if (who.tenant != tenant.id)
      return fail(Errc::not_found, fmt::format("There is no address {} in {}", text, tenant.name));
    rule.people.push_back(who.id);
  }
  return {};
}

Result<json::value> store_journal(Context& context, directory::Tenant tenant) {
  if (tenant.journal_secret.empty()) tenant.journal_secret = random_bytes(32);
  TRY_VOID(context.directory.update_tenant(tenant));
  TRY(const directory::Tenant present, context.directory.tenant(tenant.id));
  return show_journal(context, present);
}

Result<json::value> journal_set(Context& context, const Arguments& arguments) {
  TRY(directory::Tenant tenant, journaled_tenant(context, arguments));
  TRY(const std::string to, arguments.text("to"));
  TRY(const directory::Address address, directory::parse_address(to));
  TRY(const auto directions, arguments.texts("directions"));
  TRY(const auto only, arguments.texts("only"));
  JournalRule rule;
  rule.address = address.text();
  TRY(rule.directions, read_directions(directions));
  TRY_VOID(read_only(context, tenant, only, rule));
  std::erase_if(tenant.journal, [&](const JournalRule& one) { return one.address == rule.address; });
  tenant.journal.push_back(std::move(rule));
  return store_journal(context, std::move(tenant));
}

Result<json::value> journal_remove(Context& context, const Arguments& arguments) {
  TRY(directory::Tenant tenant, journaled_tenant(context, arguments));
  TRY(const std::string to, arguments.text("to"));
  TRY(const directory::Address address, directory::parse_address(to));
  const auto removed =
      std::erase_if(tenant.journal, [&](const JournalRule& one) { return one.address == address.text(); });
  if (removed == 0) return fail(Errc::not_found, fmt::format("{} has no journal rule for {}", tenant.name, to));
  return store_journal(context, std::move(tenant));
}

Result<json::value> journal_list(Context& context, const Arguments& arguments) {
  TRY(const directory::Tenant tenant, journaled_tenant(context, arguments));
  return show_journal(context, tenant);
}

}  // namespace

std::span<const Verb> journal_verbs() {
  static const std::vector<Verb> table = {
      {"tenant.journal.set", true, {"name", "to", "directions", "only"}, journal_set},
      {"tenant.journal.remove", true, {"name", "to"}, journal_remove},
      {"tenant.journal.list", false, {"name"}, journal_list},
  };
  return table;
}

}  // namespace kontor::admin
