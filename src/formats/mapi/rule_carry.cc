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

constexpr std::size_t kLongestReply = 32 << 10;

// An answer, unless one is on its way already: scripts may give only one. The user's own answer while away counts.
std::string reply_text(const ReplyTemplate& reply, const RuleWorld& world, std::string_view handle,
                       std::set<std::string>& needs) {
  needs.insert({"vacation", "vacation-seconds", "environment"});
  std::string out = "  if not environment :is \"vnd.kontor.answered\" \"yes\" {\n    vacation :seconds 60";
  if (!reply.subject.empty()) out += " :subject " + quote_for_sieve(reply.subject);
  if (!world.own_addresses.empty()) {
    out += " :addresses [";
    for (const std::string& address : world.own_addresses)
      out += (out.ends_with('[') ? "" : ", ") + quote_for_sieve(address);
    out += "]";
  }
  return out + " :handle " + quote_for_sieve(handle) + " " + quote_for_sieve(reply.text) + ";\n  }\n";
}

// The same rule as text. `replies` stand before what files the message.
std::string text_of(const SieveTest& test, const sieve::FilterRule& filter, const std::string& replies,
                    std::set<std::string>& needs) {
  std::string actions = replies;
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
      drop("it cannot be read: " + rule_.problem);
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
    const bool does_something = !filter_.actions.empty() || reply_ || (filter_.stops && is_whole);
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
    if (auto conditions = reply_ ? std::nullopt : as_conditions(test, needs_all)) {
      const bool is_always = conditions->size() == 1 && conditions->front().what == sieve::Condition::What::any &&
                             !conditions->front().is_not;
      if (!is_always) filter_.conditions = *std::move(conditions);
      filter_.needs_all = needs_all;
      rule.what = filter_;
    } else {
      std::set<std::string> needs;
      const std::string replies = reply_ ? reply_text(*reply_, world_, "rule " + rule.name, needs) : std::string();
      rule.what = sieve::TextRule{text_of(test, filter_, replies, needs)};
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
        return reply(action);
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

  bool reply(const RuleAction& action) {
    const bool is_refused =
        std::ranges::any_of(rule_.actions, [](const RuleAction& one) { return one.what == ActionKind::bounce; });
    if (reply_ || is_refused) {
      lose("It answers only once here, and not what it refuses.");
      return false;
    }
    auto found = world_.template_of && !action.message.empty() ? world_.template_of(action.message) : std::nullopt;
    if (!found || found->text.empty()) {
      lose("It answers with a template that is empty or is gone.");
      return false;
    }
    std::erase(found->text, '\0');
    if (found->text.size() > kLongestReply) {
      lose("It answers with a template that is too long.");
      return false;
    }
    lose(
        "It answers persons only who wrote to the user's own address, each at most once in a minute, as text, and not "
        "where "
        "the answer while away goes out.");
    reply_ = std::move(found);
    return true;
  }

  const MailRule& rule_;
  const RuleWorld& world_;
  sieve::FilterRule filter_;
  std::optional<ReplyTemplate> reply_;
  CarriedRule out_;
};

}  // namespace

CarriedRule carry_rule(const MailRule& rule, const RuleWorld& world) { return RuleCarrier(rule, world).run(); }

}  // namespace kontor::mapi
