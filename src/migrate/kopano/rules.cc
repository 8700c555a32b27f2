// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace kontor::migrate::kopano {

sieve::RuleList rules_of(std::string_view xml, const std::optional<sieve::Rule>& out_of_office,
                         const mapi::NameOfNumber& name_of, const mapi::RuleWorld& world, bool& has_delegation,
                         std::vector<SettingLoss>& losses) {
  sieve::RuleList out;
  has_delegation = false;
  if (out_of_office) out.rules.push_back(*out_of_office);
  if (xml.empty()) return out;
  const auto rules = mapi::parse_rules_xml(xml, name_of);
  if (!rules) {
    losses.push_back({"rules", "they cannot be read: " + rules.error().text});
    return out;
  }
  for (const mapi::MailRule& rule : *rules) {
    if (rule.is_delegation()) {
      has_delegation = has_delegation || (rule.state & mapi::MailRule::kEnabled) != 0;
      continue;
    }
    mapi::CarriedRule carried = mapi::carry_rule(rule, world);
    for (std::string& loss : carried.losses)
      losses.push_back({fmt::format("the rule \"{}\"", rule.name), std::move(loss)});
    if (!carried.rule) continue;
    out.rules.push_back(*std::move(carried.rule));
    for (std::string& name : carried.requires_more)
      if (std::ranges::find(out.requires_more, name) == out.requires_more.end())
        out.requires_more.push_back(std::move(name));
  }
  return out;
}

}  // namespace kontor::migrate::kopano
