// SPDX-License-Identifier: AGPL-3.0-or-later
// Rules that are messages among a folder's hidden ones.
#include <array>
#include <span>

#include "base/bytes.h"
#include "formats/mapi/item_body.h"
#include "formats/mapi/rule_bytes.h"
#include "formats/mapi/rules.h"
#include "formats/mapi/tags.h"

namespace kontor::mapi {
namespace {

constexpr Tag kRuleMessageState{.id = 0x65E9}, kRuleMessageProvider{.id = 0x65EB}, kRuleMessageName{.id = 0x65EC},
    kRuleMessageSequence{.id = 0x65F3};
constexpr Tag kExtendedActions{.id = 0x0E99}, kExtendedCondition{.id = 0x0E9A};
constexpr Tag kOlderActions{.id = 0x65EF}, kOlderCondition{.id = 0x65F0};

constexpr std::string_view kExtendedRule = "ipm.extendedrule.message", kRuleVersion2 = "ipm.rule.version2.message",
                           kRuleVersion1 = "ipm.rule.message", kRuleOrganizer = "ipm.ruleorganizer";

// The forms that the older messages are seen in; no document says which. What takes all bytes is the one.
constexpr std::array kOlderForms = {RuleBytesForm{false, true}, RuleBytesForm{true, true}, RuleBytesForm{false, false},
                                    RuleBytesForm{true, false}};
constexpr std::array kExtendedForm = {RuleBytesForm{true, true}};

template <class Read>
auto in_some_form(std::string_view bytes, std::span<const RuleBytesForm> forms, const Read& read) {
  auto first = read(bytes, forms.front());
  for (const RuleBytesForm& form : forms.subspan(1)) {
    if (first) break;
    if (auto other = read(bytes, form)) return other;
  }
  return first;
}

}  // namespace

bool holds_rules(std::string_view message_class) {
  const std::string name = to_lower(message_class);
  return name == kExtendedRule || name == kRuleVersion2 || name == kRuleVersion1 || name == kRuleOrganizer;
}

std::optional<MailRule> rule_of_message(const Properties& message) {
  const std::string name = to_lower(message.text_or_empty(tag::kMessageClass));
  if (!holds_rules(name) || name == kRuleOrganizer) return std::nullopt;
  const bool is_extended = name == kExtendedRule;
  MailRule out;
  out.name = message.text_or_empty(kRuleMessageName);
  out.provider = message.text_or_empty(kRuleMessageProvider);
  out.state = static_cast<std::uint32_t>(message.integer(kRuleMessageState).value_or(0));
  out.sequence = message.integer(kRuleMessageSequence).value_or(0);
  const auto forms = is_extended ? std::span<const RuleBytesForm>(kExtendedForm) : std::span(kOlderForms);
  if (const std::string* bytes = message.bytes(is_extended ? kExtendedCondition : kOlderCondition)) {
    auto read = in_some_form(*bytes, forms, read_rule_condition);
    if (read)
      out.condition = *std::move(read);
    else
      out.problem = read.error().text;
  }
  if (const std::string* bytes = message.bytes(is_extended ? kExtendedActions : kOlderActions)) {
    auto read = in_some_form(*bytes, forms, read_rule_actions);
    if (read)
      out.actions = *std::move(read);
    else if (out.problem.empty())
      out.problem = read.error().text;
  }
  if (!out.problem.empty()) {
    out.condition.reset();
    out.actions.clear();
  }
  return out;
}

ReplyTemplate reply_template_of(const Properties& message) {
  return {std::string(message.text_or_empty(tag::kSubject)), body_of(message).text};
}

}  // namespace kontor::mapi
