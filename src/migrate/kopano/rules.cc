// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/mapi/junk_filter.h"

namespace kontor::migrate::kopano {
namespace {

bool says_the_same(const mapi::MailRule& a, const mapi::MailRule& b) {
  return a.condition == b.condition && a.actions == b.actions;
}

// Adds the rules that are messages, where none of their name is there yet.
void add_messages(const std::vector<mapi::Properties>& messages, std::vector<mapi::MailRule>& rules,
                  std::vector<SettingLoss>& losses) {
  const std::size_t of_server = rules.size();
  std::vector<mapi::MailRule> more;
  for (const mapi::Properties& message : messages) {
    auto rule = mapi::rule_of_message(message);
    if (!rule) {
      losses.push_back({"Outlook's own list of rules",
                        "what only Outlook itself did is kept in a form that it alone reads, and does not come along"});
      continue;
    }
    if (mapi::is_junk_filter(*rule)) continue;  // junk_lists.h
    const std::string what = fmt::format("the rule \"{}\"", rule->name);
    const auto same =
        std::find_if(rules.begin(), rules.begin() + static_cast<std::ptrdiff_t>(of_server), [&](const auto& one) {
          return (!rule->name.empty() && iequals(one.name, rule->name)) ||
                 (rule->condition && says_the_same(one, *rule));
        });
    if (same != rules.begin() + static_cast<std::ptrdiff_t>(of_server)) {
      if (rule->problem.empty() && !says_the_same(*same, *rule))
        losses.push_back({what, "it is kept twice, and not alike: it is as the server ran it"});
      continue;
    }
    if ((rule->state & mapi::MailRule::kEnabled) != 0 && rule->problem.empty())
      losses.push_back(
          {what, "it was kept as Outlook keeps rules, which the source's server did not run; it runs here"});
    more.push_back(*std::move(rule));
  }
  for (mapi::MailRule& rule : more)
    rules.insert(std::ranges::upper_bound(rules, rule.sequence, {}, &mapi::MailRule::sequence), std::move(rule));
}

}  // namespace

CarriedRules rules_of(const InboxRules& source, const std::optional<sieve::Rule>& out_of_office,
                      const mapi::NameOfNumber& name_of, const mapi::RuleWorld& world,
                      std::vector<SettingLoss>& losses) {
  CarriedRules out;
  if (out_of_office) out.list.rules.push_back(*out_of_office);
  std::vector<mapi::MailRule> rules;
  if (!source.xml.empty()) {
    auto read = mapi::parse_rules_xml(source.xml, name_of);
    if (!read) {
      losses.push_back({"rules", "they cannot be read: " + read.error().text});
      out.is_unread = true;
      return out;
    }
    rules = *std::move(read);
  }
  add_messages(source.messages, rules, losses);
  for (const mapi::MailRule& rule : rules) {
    if (rule.is_delegation()) {
      out.has_delegation = out.has_delegation || (rule.state & mapi::MailRule::kEnabled) != 0;
      continue;
    }
    mapi::CarriedRule carried = mapi::carry_rule(rule, world);
    for (std::string& loss : carried.losses)
      losses.push_back({fmt::format("the rule \"{}\"", rule.name), std::move(loss)});
    if (!carried.rule) continue;
    out.list.rules.push_back(*std::move(carried.rule));
    for (std::string& name : carried.requires_more)
      if (std::ranges::find(out.list.requires_more, name) == out.list.requires_more.end())
        out.list.requires_more.push_back(std::move(name));
  }
  return out;
}

}  // namespace kontor::migrate::kopano
