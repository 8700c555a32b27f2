// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats_mapi formats base
#include <string>

#include "formats/mapi/rules.h"

// Whatever is carried is a rule that our list takes, and comes out the same each time.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kontor;
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  const mapi::NameOfNumber name_of = [](std::uint32_t number) -> std::optional<mapi::Properties::Key> {
    if (number % 2 == 0) return std::nullopt;
    return mapi::Properties::Key{number, mapi::Guid::of(1, 2, 3, 4), {}};
  };
  mapi::RuleWorld world;
  world.folder_of = [](std::string_view, std::string_view folder) -> std::optional<std::string> {
    return folder.empty() ? std::nullopt : std::optional<std::string>("Folder");
  };
  world.own_addresses = {"ada@example.org"};
  if (const auto rules = mapi::parse_rules_xml(xml, name_of)) {
    for (const auto& rule : *rules) {
      const auto carried = mapi::carry_rule(rule, world);
      const auto again = mapi::carry_rule(rule, world);
      check(carried.rule == again.rule && carried.losses == again.losses, "a rule is carried the same each time");
      check(carried.rule || !carried.losses.empty(), "what is left behind is named");
      if (!carried.rule) continue;
      const sieve::RuleList list{{*carried.rule}, carried.requires_more};
      const auto read = sieve::rules_of_json(sieve::to_json(list));
      check(read && read->rules == list.rules, "a carried rule is one of ours");
    }
  }
  if (const auto search = mapi::parse_search_xml(xml, name_of); search && search->condition) {
    std::string why;
    const auto filter = mapi::filter_of(*search->condition, why);
    check(filter.has_value() || !why.empty(), "what cannot be asked is named");
  }
  return 0;
}
