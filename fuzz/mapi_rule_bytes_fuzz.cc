// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats_mapi formats base
#include <string>

#include "formats/mapi/rules.h"
#include "formats/mapi/tags.h"

// Rules that are hidden messages: the first byte says of which form and how long the condition is. Whatever is carried
// is a rule that our list takes, and comes out the same each time.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kontor;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool is_extended = (data[0] & 1U) != 0;
  const std::size_t middle = bytes.size() * (data[0] >> 1U) / 128;
  mapi::Properties message;
  message.set(mapi::tag::kMessageClass,
              mapi::Value::of_text(is_extended ? "IPM.ExtendedRule.Message" : "IPM.Rule.Version2.Message"));
  message.set({.id = 0x65E9}, mapi::Value::of(1));
  message.set({.id = is_extended ? 0x0E9AU : 0x65F0U}, mapi::Value::of_bytes(std::string(bytes.substr(0, middle))));
  message.set({.id = is_extended ? 0x0E99U : 0x65EFU}, mapi::Value::of_bytes(std::string(bytes.substr(middle))));
  mapi::RuleWorld world;
  world.folder_of = [](std::string_view, std::string_view folder) -> std::optional<std::string> {
    return folder.empty() ? std::nullopt : std::optional<std::string>("Folder");
  };
  world.template_of = [](std::string_view entry) -> std::optional<mapi::ReplyTemplate> {
    return mapi::ReplyTemplate{std::string(), std::string(entry.size(), 'x')};
  };
  world.own_addresses = {"ada@example.org"};
  const auto rule = mapi::rule_of_message(message);
  check(rule.has_value(), "every message of the class is a rule");
  check(*rule == *mapi::rule_of_message(message), "a rule is read the same each time");
  const auto carried = mapi::carry_rule(*rule, world);
  check(carried.rule || !carried.losses.empty(), "what is left behind is named");
  if (!carried.rule) return 0;
  const sieve::RuleList list{{*carried.rule}, carried.requires_more};
  const auto read = sieve::rules_of_json(sieve::to_json(list));
  check(read && read->rules == list.rules, "a carried rule is one of ours");
  return 0;
}
