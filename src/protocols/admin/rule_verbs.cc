// SPDX-License-Identifier: AGPL-3.0-or-later
// Verbs over the rules of an account: forwards, out-of-office, junk lists, and all of them as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/bytes.h"
#include "groupware/rules/rule_list.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

using groupware::Caller;
using sieve::RuleList;

Result<std::shared_ptr<groupware::Account>> ruled_account(Context& context, const Arguments& arguments) {
  TRY(const std::string address, arguments.text("address"));
  TRY(const directory::Principal owner, find_principal(context, address));
  if (!owner.account()) return fail(Errc::invalid, address + " is a group and has no rules");
  return context.accounts.open(owner.account());
}

Result<json::value> show_rules(groupware::Account& account) {
  TRY(const auto reader, account.read(Caller::system()));
  TRY(const RuleList list, groupware::account_rules(*reader));
  json::object out = json::parse(sieve::to_json(list)).as_object();
  out["active"] = reader->active_script().name == sieve::kRulesScript;
  return out;
}

Result<json::value> change(Context& context, const Arguments& arguments,
                           const std::function<Result<void>(RuleList&)>& step) {
  TRY(const auto account, ruled_account(context, arguments));
  TRY_VOID(groupware::change_rules(*account, Caller::system(), groupware::kServerSends, step));
  return show_rules(*account);
}

// Checks what was put together here as if it had come as JSON.
Result<void> checked(const RuleList& list) {
  TRY_VOID(sieve::rules_of_json(sieve::to_json(list)));
  return {};
}

// The first rule of that kind, made at the front where there is none; or taken away.
template <class Kind>
Kind& rule_of(RuleList& list) {
  if (Kind* found = sieve::find_rule<Kind>(list)) return *found;
  list.rules.insert(list.rules.begin(), sieve::Rule{"", true, Kind()});
  return std::get<Kind>(list.rules.front().what);
}
template <class Kind>
auto place_of(RuleList& list) {
  const auto is_one = [](const sieve::Rule& rule) { return std::holds_alternative<Kind>(rule.what); };
  return std::ranges::find_if(list.rules, is_one);
}
template <class Kind>
void drop_rule(RuleList& list) {
  const auto at = place_of<Kind>(list);
  if (at != list.rules.end()) list.rules.erase(at);
}
// Whoever sets it anew wants it to act, also where it was switched off.
template <class Kind>
void switch_on(RuleList& list) {
  const auto at = place_of<Kind>(list);
  if (at != list.rules.end()) at->is_enabled = true;
}

Result<json::value> list_rules(Context& context, const Arguments& arguments) {
  TRY(const auto account, ruled_account(context, arguments));
  return show_rules(*account);
}

Result<json::value> set_rules(Context& context, const Arguments& arguments) {
  TRY(const std::string text, arguments.text("rules"));
  TRY(RuleList wanted, sieve::rules_of_json(text));
  return change(context, arguments, [&](RuleList& list) -> Result<void> {
    list = wanted;
    return {};
  });
}

Result<json::value> set_forward(Context& context, const Arguments& arguments) {
  TRY(const auto to, arguments.texts("to"));
  TRY(const auto keeps, arguments.flag("keep"));
  TRY(const auto off, arguments.flag("off"));
  return change(context, arguments, [&](RuleList& list) -> Result<void> {
    if (off.value_or(false)) {
      drop_rule<sieve::ForwardRule>(list);
      return {};
    }
    sieve::ForwardRule& rule = rule_of<sieve::ForwardRule>(list);
    if (!to.empty()) rule.addresses = to;
    if (!to.empty()) switch_on<sieve::ForwardRule>(list);
    if (keeps) rule.keeps_copy = *keeps;
    return checked(list);
  });
}

// RFC 3339 or a day, in UTC. Errors: invalid.
Result<std::optional<Instant>> read_time(const Arguments& arguments, std::string_view name) {
  TRY(const auto text, arguments.optional_text(name));
  if (!text) return std::nullopt;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  char rest[4] = {};
  const int got = std::sscanf(text->c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%3s", &year, &month, &day, &hour, &minute, &second,
                              static_cast<char*>(rest));
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  const bool is_day = got == 3 && text->size() == 10, is_time = got == 7 && std::string_view(rest) == "Z";
  if ((!is_day && !is_time) || !date.ok() || hour > 23 || minute > 59 || second > 59)
    return fail(Errc::invalid, fmt::format("\"{}\" must be like 2026-12-24 or 2026-12-24T08:00:00Z", name));
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

Result<json::value> set_out_of_office(Context& context, const Arguments& arguments) {
  TRY(const auto off, arguments.flag("off"));
  TRY(const auto subject, arguments.optional_text("subject"));
  TRY(const auto text, arguments.optional_text("text"));
  TRY(const auto external, arguments.optional_text("external_text"));
  TRY(const auto from, read_time(arguments, "since"));
  TRY(const auto until, read_time(arguments, "until"));
  TRY(const auto days, arguments.number("days"));
  if (days && *days > 365) return fail(Errc::invalid, "\"days\" must be at most 365");
  return change(context, arguments, [&](RuleList& list) -> Result<void> {
    if (off.value_or(false)) {
      drop_rule<sieve::OutOfOfficeRule>(list);
      return {};
    }
    sieve::OutOfOfficeRule& rule = rule_of<sieve::OutOfOfficeRule>(list);
    if (subject) rule.subject = *subject;
    if (text) {  // a new absence
      rule.text = *text;
      rule.external_text.reset();
      rule.from = rule.until = std::nullopt;
      switch_on<sieve::OutOfOfficeRule>(list);
    }
    if (external) rule.external_text = *external;
    if (from) rule.from = *from;
    if (until) rule.until = *until;
    if (days) rule.days = static_cast<std::uint32_t>(*days);
    return checked(list);
  });
}

Result<json::value> show_out_of_office(Context& context, const Arguments& arguments) {
  TRY(const auto account, ruled_account(context, arguments));
  TRY(const auto reader, account->read(Caller::system()));
  TRY(RuleList list, groupware::account_rules(*reader));
  const bool rules_are_active = reader->active_script().name == sieve::kRulesScript;
  const auto is_one = [](const sieve::Rule& rule) { return std::holds_alternative<sieve::OutOfOfficeRule>(rule.what); };
  const auto found = std::ranges::find_if(list.rules, is_one);
  if (found == list.rules.end()) return json::object{{"set", false}, {"answers", false}};
  const auto& rule = std::get<sieve::OutOfOfficeRule>(found->what);
  const Instant now = context.clock.now();
  const bool is_time = (!rule.from || *rule.from <= now) && (!rule.until || now < *rule.until);
  json::object out{{"set", true},
                   {"answers", rules_are_active && found->is_enabled && is_time},
                   {"subject", rule.subject},
                   {"internal", rule.text},
                   {"external", rule.external_text ? json::value(*rule.external_text) : json::value()},
                   {"from", rule.from ? json::value(show(*rule.from)) : json::value()},
                   {"until", rule.until ? json::value(show(*rule.until)) : json::value()},
                   {"days", rule.days}};
  return out;
}

// One rule, by its number in the list, from 1.
Result<json::value> change_rule(Context& context, const Arguments& arguments) {
  TRY(const auto number, arguments.number("number"));
  TRY(const std::string what, arguments.text("what"));
  return change(context, arguments, [&](RuleList& list) -> Result<void> {
    if (!number || *number == 0 || *number > list.rules.size())
      return fail(Errc::not_found, fmt::format("There are {} rules; say which, by --number", list.rules.size()));
    const auto at = list.rules.begin() + static_cast<std::ptrdiff_t>(*number - 1);
    if (what == "remove") {
      list.rules.erase(at);
    } else if (what == "first") {
      std::rotate(list.rules.begin(), at, at + 1);
    } else if (what == "on" || what == "off") {
      at->is_enabled = what == "on";
    } else {
      return fail(Errc::invalid, "\"what\" is remove, first, on or off");
    }
    return checked(list);
  });
}

Result<json::value> set_junk(Context& context, const Arguments& arguments) {
  TRY(const auto always, arguments.texts("always"));
  TRY(const auto never, arguments.texts("never"));
  TRY(const auto forget, arguments.texts("forget"));
  return change(context, arguments, [&](RuleList& list) -> Result<void> {
    sieve::JunkRule& rule = rule_of<sieve::JunkRule>(list);
    const auto take = [&](const std::string& entry) {
      for (auto* entries : {&rule.always, &rule.never}) std::erase(*entries, to_lower(entry));
    };
    for (const std::string& entry : forget) take(entry);
    for (const auto& [entries, into] : {std::pair{&always, &rule.always}, {&never, &rule.never}})
      for (const std::string& entry : *entries) {
        take(entry);
        into->push_back(to_lower(entry));
      }
    if (rule.always.empty() && rule.never.empty()) drop_rule<sieve::JunkRule>(list);
    return checked(list);
  });
}

}  // namespace

std::span<const Verb> rule_verbs() {
  static const std::vector<Verb> table = {
      {"rule.list", false, {"address"}, list_rules},
      {"rule.set", true, {"address", "rules"}, set_rules},
      {"rule.forward", true, {"address", "to", "keep", "off"}, set_forward},
      {"rule.out-of-office",
       true,
       {"address", "subject", "text", "external_text", "since", "until", "days", "off"},
       set_out_of_office},
      {"rule.out-of-office.show", false, {"address"}, show_out_of_office},
      {"rule.change", true, {"address", "number", "what"}, change_rule},
      {"rule.junk", true, {"address", "always", "never", "forget"}, set_junk},
  };
  return table;
}

}  // namespace kontor::admin
