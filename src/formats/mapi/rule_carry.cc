// SPDX-License-Identifier: AGPL-3.0-or-later
// Rules of MAPI as rules of ours: as conditions and actions where the model has the like, else as a piece of Sieve.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/mapi/rule_test_text.h"

namespace kontor::mapi {
namespace {

using sieve::FilterAction;
using ActionKind = RuleAction::What;

constexpr std::size_t kLongestRuleName = 200;
constexpr const char* kBounceText = "The recipient does not accept this message.";

std::string name_here(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  if (out.size() <= kLongestRuleName) return out;
  out.resize(kLongestRuleName);
  while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
  if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0) out.pop_back();
  return out;
}

// As conditions of one rule: one of them, or several of which all or one must hold.
std::optional<std::vector<sieve::Condition>> as_conditions(const SieveTest& test, bool& needs_all) {
  const auto condition_of = [](const SieveTest& one) -> std::optional<sieve::Condition> {
    if (one.form == SieveTest::Form::leaf) return one.condition;
    if (one.form != SieveTest::Form::none || one.parts.front().form != SieveTest::Form::leaf) return std::nullopt;
    auto out = one.parts.front().condition;
    if (out) out->is_not = !out->is_not;
    return out;
  };
  needs_all = test.form != SieveTest::Form::any;
  std::vector<sieve::Condition> out;
  if (test.form == SieveTest::Form::leaf || test.form == SieveTest::Form::none) {
    auto one = condition_of(test);
    if (!one) return std::nullopt;
    out.push_back(*std::move(one));
    return out;
  }
  for (const SieveTest& part : test.parts) {
    auto one = condition_of(part);
    if (!one) return std::nullopt;
    out.push_back(*std::move(one));
  }
  return out;
}

// The same rule as text.
std::string text_of(const SieveTest& test, const sieve::FilterRule& filter, std::set<std::string>& needs) {
  std::string actions;
  for (const bool is_flag : {true, false})
    for (const FilterAction& action : filter.actions) {
      if ((action.what == FilterAction::What::flag) != is_flag) continue;
      const std::string value = quote_for_sieve(action.value);
      switch (action.what) {
        case FilterAction::What::file:
          needs.insert({"fileinto", "mailbox"});
          actions += "  fileinto :create " + value + ";\n";
          break;
        case FilterAction::What::copy:
          needs.insert({"fileinto", "mailbox", "copy"});
          actions += "  fileinto :create :copy " + value + ";\n";
          break;
        case FilterAction::What::forward:
          needs.insert("copy");
          actions += "  redirect :copy " + value + ";\n";
          break;
        case FilterAction::What::flag:
          needs.insert("imap4flags");
          actions += "  addflag " + value + ";\n";
          break;
        case FilterAction::What::discard:
          actions += "  discard;\n";
          break;
        case FilterAction::What::reject:
          needs.insert("reject");
          actions += "  reject " + value + ";\n";
          break;
      }
    }
  if (filter.stops) actions += "  stop;\n";
  gather_needs(test, needs);
  return "if " + print(test) + " {\n" + actions + "}\n";
}

class RuleCarrier {
 public:
  RuleCarrier(const MailRule& rule, const RuleWorld& world) : rule_(rule), world_(world) {}

  CarriedRule run() {
    if (!rule_.problem.empty()) {
      drop("its condition cannot be read: " + rule_.problem);
      return std::move(out_);
    }
    if (!rule_.condition) {
      drop("it has no condition; such rules do nothing at the source");
      return std::move(out_);
    }
    std::string why;
    const auto test = sieve_test_of(*rule_.condition, world_, out_.losses, why);
    if (!test) {
      drop(why);
      return std::move(out_);
    }
    bool is_whole = true;
    for (const RuleAction& action : rule_.actions) is_whole = act(action) && is_whole;
    filter_.stops = stops();
    const bool does_something = !filter_.actions.empty() || (filter_.stops && is_whole);
    if (!does_something) {
      drop(rule_.actions.empty() ? "it does nothing" : "nothing is left that it does");
      return std::move(out_);
    }
    finish(*test);
    return std::move(out_);
  }

 private:
  void drop(const std::string& why) { out_.losses = {"It did not come along: " + why + "."}; }
  void lose(std::string sentence) { out_.losses.push_back(std::move(sentence)); }

  void finish(const SieveTest& test) {
    sieve::Rule rule;
    rule.name = name_here(rule_.name);
    rule.is_enabled = (rule_.state & MailRule::kEnabled) != 0;
    if (rule.is_enabled && (rule_.state & MailRule::kOnlyWhenAway) != 0) {
      rule.is_enabled = false;
      lose("It acts only while the user is away; it is switched off here.");
    }
    bool needs_all = true;
    if (auto conditions = as_conditions(test, needs_all)) {
      const bool is_always = conditions->size() == 1 && conditions->front().what == sieve::Condition::What::any &&
                             !conditions->front().is_not;
      if (!is_always) filter_.conditions = *std::move(conditions);
      filter_.needs_all = needs_all;
      rule.what = filter_;
    } else {
      std::set<std::string> needs;
      rule.what = sieve::TextRule{text_of(test, filter_, needs)};
      // Also of what is off: its text does not say them where it is switched on.
      out_.requires_more.assign(needs.begin(), needs.end());
    }
    if (!sieve::rules_of_json(sieve::to_json({{rule}, {}}))) {
      drop("it makes no sense as a rule here");
      return;
    }
    out_.rule = std::move(rule);
  }

  // What was moved or thrown away is seen by no further rule, at the source either.
  bool stops() const {
    return (rule_.state & MailRule::kStops) != 0 || std::ranges::any_of(filter_.actions, [](const FilterAction& one) {
             return one.what == FilterAction::What::file || one.what == FilterAction::What::discard ||
                    one.what == FilterAction::What::reject;
           });
  }

  // False: it is left out.
  bool act(const RuleAction& action) {
    switch (action.what) {
      case ActionKind::move:
      case ActionKind::copy:
        return file(action);
      case ActionKind::forward:
        return forward(action);
      case ActionKind::remove:
        filter_.actions.push_back({FilterAction::What::discard, ""});
        return true;
      case ActionKind::mark_read:
        filter_.actions.push_back({FilterAction::What::flag, "\\Seen"});
        return true;
      case ActionKind::bounce:
        filter_.actions.push_back({FilterAction::What::reject, kBounceText});
        return true;
      case ActionKind::reply:
      case ActionKind::out_of_office_reply:
        lose("It answers with a template, which is not done here.");
        return false;
      case ActionKind::delegate:
        lose("Delegates do not get copies of messages here.");
        return false;
      case ActionKind::tag:
        lose("It sets a property that messages do not have here.");
        return false;
      case ActionKind::defer:
      case ActionKind::unknown:
        break;
    }
    lose("It does something that only the user's own program did.");
    return false;
  }

  bool file(const RuleAction& action) {
    const auto folder = world_.folder_of ? world_.folder_of(action.store, action.folder) : std::nullopt;
    if (!folder) {
      lose("The folder that it files into is not in this mailbox, or is gone.");
      return false;
    }
    filter_.actions.push_back(
        {action.what == ActionKind::move ? FilterAction::What::file : FilterAction::What::copy, *folder});
    return true;
  }

  bool forward(const RuleAction& action) {
    constexpr std::uint32_t kRedirects = RuleAction::kPreservesSender | RuleAction::kKeepsMessage;
    if ((action.flavour & RuleAction::kAsAttachment) != 0)
      lose("It forwards messages as they came, not as attachments.");
    else if ((action.flavour & kRedirects) == 0)
      lose("It forwards messages as they came, with their own senders.");
    bool is_whole = true;
    for (const Properties& recipient : action.recipients) {
      const Mailbox mailbox = recipient_of(recipient, world_.resolve);
      if (!is_address(mailbox.address)) {
        lose(fmt::format("It forwards to {}, who has no address.", mailbox.name.empty() ? "somebody" : mailbox.name));
        is_whole = false;
        continue;
      }
      filter_.actions.push_back({FilterAction::What::forward, mailbox.address});
    }
    return is_whole;
  }

  const MailRule& rule_;
  const RuleWorld& world_;
  sieve::FilterRule filter_;
  CarriedRule out_;
};

}  // namespace

CarriedRule carry_rule(const MailRule& rule, const RuleWorld& world) { return RuleCarrier(rule, world).run(); }

}  // namespace kontor::mapi
