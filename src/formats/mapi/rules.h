// SPDX-License-Identifier: AGPL-3.0-or-later
// Rules of a mailbox, as Exchange, Outlook and Kopano have them ([MS-OXORULE]), and as rules of ours.
//
// Kopano keeps them as XML in a property of the inbox (PidTagRulesData); the same grammar has the criteria of search
// folders. Outlook and Exchange keep some as hidden messages, whose conditions and actions are bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/mapi/mailbox.h"
#include "formats/mapi/restriction.h"
#include "formats/sieve/rules.h"

namespace kontor::mapi {

struct RuleAction {
  enum class What : std::uint8_t {
    unknown = 0,
    move = 1,
    copy = 2,
    reply = 3,
    out_of_office_reply = 4,
    defer = 5,
    bounce = 6,
    forward = 7,
    delegate = 8,
    tag = 9,
    remove = 10,
    mark_read = 11,
  };
  // Of forward.
  static constexpr std::uint32_t kPreservesSender = 1, kKeepsMessage = 2, kAsAttachment = 4;
  bool operator==(const RuleAction&) const = default;

  What what = What::unknown;
  std::uint32_t flavour = 0;
  std::string store, folder;           // entry ids, of move and copy
  std::string message;                 // entry id, of replies: the template
  std::vector<Properties> recipients;  // of forward and delegate
};

struct MailRule {
  static constexpr std::uint32_t kEnabled = 1, kError = 2, kOnlyWhenAway = 4, kStops = 0x10;
  bool operator==(const MailRule&) const = default;

  bool is_delegation() const;  // a copy of what is sent to the owner about meetings, for delegates

  std::int64_t sequence = 0;
  std::uint32_t state = 0;
  std::string name, provider;
  std::optional<Restriction> condition;
  std::string problem;  // why its condition or its actions cannot be read; it has none then
  std::vector<RuleAction> actions;
};

// Ordered by their sequence. Errors: invalid (it is no such XML), too_large (more than 500 rules, or what is nested too
// deeply).
Result<std::vector<MailRule>> parse_rules_xml(std::string_view xml, const NameOfNumber& name_of);

// Whether a message of this class, among a folder's hidden ones, holds rules: IPM.ExtendedRule.Message,
// IPM.Rule.Version2.Message, IPM.Rule.Message, IPM.RuleOrganizer.
bool holds_rules(std::string_view message_class);
// The rule that such a message is: [MS-OXORULE] section 2.2.4.1, and the older ones in the same words by the store's
// own numbers. What cannot be read of it is its `problem`. Nothing: it is none, or none that anybody can read
// (IPM.RuleOrganizer: Outlook's own notes of what it does itself).
std::optional<MailRule> rule_of_message(const Properties& message);

struct SearchCriteria {
  bool operator==(const SearchCriteria&) const = default;

  std::optional<Restriction> condition;
  std::vector<std::string> folders;  // entry ids
  bool is_deep = true;
};
Result<SearchCriteria> parse_search_xml(std::string_view xml, const NameOfNumber& name_of);

// What a rule answers with.
struct ReplyTemplate {
  bool operator==(const ReplyTemplate&) const = default;

  std::string subject;  // may be empty
  std::string text;
};
ReplyTemplate reply_template_of(const Properties& message);

// What a rule's words mean where it comes from.
struct RuleWorld {
  // The folder behind these entry ids as rules of ours are to name it; nothing: it is not in this mailbox.
  std::function<std::optional<std::string>(std::string_view store, std::string_view folder)> folder_of;
  // The message behind this entry id; nothing: it is gone.
  std::function<std::optional<ReplyTemplate>(std::string_view message)> template_of = {};
  ResolveEntry resolve;
  std::vector<std::string> own_addresses;
};

// What becomes of a rule here.
struct CarriedRule {
  std::optional<sieve::Rule> rule;         // nothing: it cannot be carried
  std::vector<std::string> requires_more;  // of a rule that is a text: what the script must "require" for it
  std::vector<std::string> losses;         // sentences: why it is not, or not exactly, what it was
};
// Deterministic. Rules that are switched off stay so.
CarriedRule carry_rule(const MailRule& rule, const RuleWorld& world);

}  // namespace kontor::mapi
