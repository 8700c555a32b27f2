// SPDX-License-Identifier: AGPL-3.0-or-later
// One list of rules per account, and the script that it is: forwards, out-of-office, senders that are junk or never,
// filters, and scripts written by hand.
//
//   rules --print--> script --read--> the same rules
//
// The script is what runs and what clients of ManageSieve see. Each rule stands between marks, comments that hold it
// whole as JSON; what somebody changed between them by hand is a rule of its own kind, kept as it is. Other scripts of
// the account are not touched: a rule can include one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace kontor::sieve {

// The name under which an account's rules are kept among its scripts.
constexpr std::string_view kRulesScript = "Kontor rules";

struct ForwardRule {
  bool operator==(const ForwardRule&) const = default;
  std::vector<std::string> addresses;
  bool keeps_copy = true;  // false: the rules behind this one do not see the message
};

struct OutOfOfficeRule {
  bool operator==(const OutOfOfficeRule&) const = default;
  std::string subject;  // empty: "Auto:" and the message's
  std::string text;
  std::optional<std::string> external_text;  // to senders outside; absent: the same; empty: they get none
  std::optional<Instant> from, until;        // absent: at once; until it is taken away
  std::uint32_t days = 7;                    // one answer to each sender in so many
};

// Addresses, or domains as "@example.org".
struct JunkRule {
  bool operator==(const JunkRule&) const = default;
  std::vector<std::string> never, always;  // `never` is asked first
};

struct Condition {
  enum class What : std::uint8_t { from, to, subject, header, body, size_over, size_under, any };
  enum class How : std::uint8_t { contains, is, matches };
  bool operator==(const Condition&) const = default;
  What what = What::any;
  How how = How::contains;
  std::string field;                // header: its name
  std::vector<std::string> values;  // one of them must fit
  std::uint64_t bytes = 0;          // size
  bool is_not = false;
};

struct FilterAction {
  enum class What : std::uint8_t { file, copy, forward, flag, discard, reject };
  bool operator==(const FilterAction&) const = default;
  What what = What::file;
  std::string value;  // a folder, an address, a flag, words
};

struct FilterRule {
  bool operator==(const FilterRule&) const = default;
  bool needs_all = true;  // of the conditions, else one
  std::vector<Condition> conditions;
  std::vector<FilterAction> actions;
  bool stops = true;  // the rules behind it do not see what fits
};

// Another script of the account, run at this place.
struct IncludeRule {
  bool operator==(const IncludeRule&) const = default;
  std::string script;
};

// Sieve that somebody wrote here.
struct TextRule {
  bool operator==(const TextRule&) const = default;
  std::string text;
};

struct Rule {
  bool operator==(const Rule&) const = default;
  std::string name;  // for people
  bool is_enabled = true;
  std::variant<ForwardRule, OutOfOfficeRule, JunkRule, FilterRule, IncludeRule, TextRule> what;
};

struct RuleList {
  bool operator==(const RuleList&) const = default;
  std::vector<Rule> rules;
  std::vector<std::string> requires_more;  // of text that was written by hand: what "require" names beyond the rules'
};

std::string print(const RuleList& list);
// Nothing if the script is not made of rules: then it is somebody's own.
std::optional<RuleList> read_rules(std::string_view script);

// What administration, the web and migrations speak.
std::string to_json(const RuleList& list);
Result<RuleList> rules_of_json(std::string_view json);  // errors: invalid

// The first rule of that kind; null if there is none.
template <class Kind>
Kind* find_rule(RuleList& list) {
  for (Rule& rule : list.rules)
    if (Kind* found = std::get_if<Kind>(&rule.what)) return found;
  return nullptr;
}

}  // namespace kontor::sieve
