// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "formats/sieve/address_value.h"
#include "formats/sieve/rules_form.h"
#include "formats/sieve/syntax.h"

namespace kontor::sieve {
namespace {

constexpr std::string_view kFirstLine = "# Kontor rules 1\n";
constexpr std::string_view kExplained =
    "# Each rule stands between its mark and \"end\". What is changed there by hand stays as it is.\n";
constexpr std::string_view kRuleMark = "# rule ";
constexpr std::string_view kEndMark = "# end";

using Names = std::set<std::string, std::less<>>;

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

std::string quote(const std::vector<std::string>& texts) {
  if (texts.size() == 1) return quote(texts[0]);
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + quote(text);
  return out + "]";
}

std::string joined(const std::vector<std::string>& tests, bool needs_all) {
  if (tests.size() == 1) return tests[0];
  std::string out = needs_all ? "allof (" : "anyof (";
  for (std::size_t i = 0; i < tests.size(); ++i) out += (i == 0 ? "" : ",\n  ") + tests[i];
  return out + ")";
}

std::string indented(std::string_view lines) {
  std::string out;
  while (!lines.empty()) {
    const auto size = std::min(lines.size(), lines.find('\n') + 1);
    out.append("  ").append(lines.substr(0, size));
    lines.remove_prefix(size);
  }
  return out;
}

// Prints what runs, and gathers what it requires.
struct Body {
  Names& needs;

  std::string vacation(const OutOfOfficeRule& rule, const std::string& text) const {
    needs.insert("vacation");
    std::string out = fmt::format("vacation :days {}", rule.days);
    if (!rule.subject.empty()) out += " :subject " + quote(rule.subject);
    return out + " " + quote(text) + ";\n";
  }

  std::string senders(const std::vector<std::string>& entries) const {
    std::vector<std::string> addresses, domains, tests;
    for (const std::string& entry : entries)
      entry.starts_with('@') ? domains.push_back(entry.substr(1)) : addresses.push_back(entry);
    if (!addresses.empty()) tests.push_back("address :is \"from\" " + quote(addresses));
    if (!domains.empty()) tests.push_back("address :domain :is \"from\" " + quote(domains));
    return joined(tests, false);
  }

  std::string test(const Condition& condition) const {
    static constexpr std::string_view kHow[] = {":contains", ":is", ":matches"};
    const std::string how(kHow[static_cast<std::size_t>(condition.how)]);
    const std::string values = quote(condition.values);
    // A part of what people see: of the name, too.
    const std::string people = condition.how == Condition::How::contains ? "header " : "address ";
    std::string out;
    switch (condition.what) {
      case Condition::What::from:
        out = people + how + " \"from\" " + values;
        break;
      case Condition::What::to:
        out = people + how + " [\"to\", \"cc\"] " + values;
        break;
      case Condition::What::subject:
        out = "header " + how + " \"subject\" " + values;
        break;
      case Condition::What::header:
        out = "header " + how + " " + quote(condition.field) + " " + values;
        break;
      case Condition::What::body:
        needs.insert("body");
        out = "body :text " + how + " " + values;
        break;
      case Condition::What::size_over:
        out = fmt::format("size :over {}", condition.bytes);
        break;
      case Condition::What::size_under:
        out = fmt::format("size :under {}", condition.bytes);
        break;
      case Condition::What::any:
        out = "true";
        break;
    }
    return condition.is_not ? "not " + out : out;
  }

  std::string act(const FilterAction& action) const {
    switch (action.what) {
      case FilterAction::What::file:
        needs.insert({"fileinto", "mailbox"});
        return "fileinto :create " + quote(action.value) + ";\n";
      case FilterAction::What::copy:
        needs.insert({"fileinto", "mailbox", "copy"});
        return "fileinto :create :copy " + quote(action.value) + ";\n";
      case FilterAction::What::forward:
        needs.insert("copy");
        return "redirect :copy " + quote(action.value) + ";\n";
      case FilterAction::What::flag:
        needs.insert("imap4flags");
        return "addflag " + quote(action.value) + ";\n";
      case FilterAction::What::discard:
        return "discard;\n";
      case FilterAction::What::reject:
        needs.insert("reject");
        return "reject " + quote(action.value) + ";\n";
    }
    return "";
  }

  std::string operator()(const ForwardRule& rule) const {
    std::string out;
    for (std::size_t i = 0; i < rule.addresses.size(); ++i) {
      const bool is_last = !rule.keeps_copy && i + 1 == rule.addresses.size();
      if (!is_last) needs.insert("copy");
      out += (is_last ? "redirect " : "redirect :copy ") + quote(rule.addresses[i]) + ";\n";
    }
    return rule.keeps_copy ? out : out + "stop;\n";
  }
  std::string operator()(const OutOfOfficeRule& rule) const {
    std::string out = vacation(rule, rule.text);
    if (rule.external_text) {
      needs.insert("environment");
      out = "if environment :is \"vnd.kontor.sender\" \"internal\" {\n" + indented(out) + "}";
      if (!rule.external_text->empty()) out += " else {\n" + indented(vacation(rule, *rule.external_text)) + "}";
      out += "\n";
    }
    std::vector<std::string> tests;
    const auto bound = [&](const char* relation, Instant at) {
      needs.insert({"date", "relational"});
      const auto day = std::chrono::floor<std::chrono::days>(at);
      const std::chrono::year_month_day date(day);
      const std::chrono::hh_mm_ss time(at - day);
      // A beginning of the text that the date has, whose end is the zone.
      tests.push_back(fmt::format(
          "currentdate :zone \"+0000\" :value \"{}\" \"iso8601\" \"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}\"", relation,
          static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
          time.hours().count(), time.minutes().count(), time.seconds().count()));
    };
    if (rule.from) bound("ge", *rule.from);
    if (rule.until) bound("lt", *rule.until);
    return tests.empty() ? out : "if " + joined(tests, true) + " {\n" + indented(out) + "}\n";
  }
  std::string operator()(const JunkRule& rule) const {
    if (rule.always.empty()) return "";
    needs.insert({"fileinto", "mailbox", "special-use"});
    std::string out =
        "if " + senders(rule.always) + " {\n" + "  fileinto :specialuse \"\\\\Junk\" :create \"Junk\";\n  stop;\n}\n";
    if (!rule.never.empty()) out = "if not " + senders(rule.never) + " {\n" + indented(out) + "}\n";
    return out;
  }
  std::string operator()(const FilterRule& rule) const {
    std::string actions;
    for (const bool is_flag : {true, false})  // what is filed takes the flags that were set before
      for (const FilterAction& action : rule.actions)
        if ((action.what == FilterAction::What::flag) == is_flag) actions += act(action);
    if (rule.stops) actions += "stop;\n";
    if (rule.conditions.empty()) return actions;
    std::vector<std::string> tests;
    for (const Condition& condition : rule.conditions) tests.push_back(test(condition));
    return "if " + joined(tests, rule.needs_all) + " {\n" + indented(actions) + "}\n";
  }
  std::string operator()(const IncludeRule& rule) const {
    needs.insert("include");
    return "include :personal :optional " + quote(rule.script) + ";\n";
  }
  std::string operator()(const TextRule& rule) const { return rule.text; }
};

std::string body_of(const Rule& rule, Names& needs) {
  if (!rule.is_enabled) return "";
  return std::visit(Body{needs}, rule.what);
}

// Of a rule's own text only what people call it stands in the mark.
std::string mark_of(const Rule& rule) {
  Rule shown = rule;
  if (auto* text = std::get_if<TextRule>(&shown.what); text && rule.is_enabled) text->text.clear();
  return fmt::format("{}{}\n", kRuleMark, rule_to_json(shown));
}

std::string_view take_line(std::string_view& text) {
  const auto size =
      std::min(text.size(), text.find('\n') == std::string_view::npos ? text.size() : text.find('\n') + 1);
  const std::string_view line = text.substr(0, size);
  text.remove_prefix(size);
  return line;
}

std::string_view bare(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_mark(std::string_view line) { return bare(line) == kEndMark || line.starts_with(kRuleMark); }

// What stood between marks, with the mark of a rule that may have made it.
Rule rule_between(std::string_view mark, std::string body) {
  Result<Rule> rule = rule_of_json(bare(mark).substr(kRuleMark.size()));
  if (rule) {
    if (auto* text = std::get_if<TextRule>(&rule->what); text && rule->is_enabled) text->text = body;
    Names needs;
    if (body_of(*rule, needs) == body) return *std::move(rule);
  }
  return Rule{rule ? rule->name : std::string(), true, TextRule{std::move(body)}};
}

// Text outside of all marks; "require" and the first lines are made anew.
std::string without_requires(std::string text) {
  for (std::size_t at = 0; (at = text.find("require", at)) != std::string::npos;) {
    const auto end = text.find(';', at);
    const bool is_word = at == 0 || text[at - 1] == '\n' || text[at - 1] == ' ';
    if (!is_word || end == std::string::npos) {
      ++at;
      continue;
    }
    text.erase(at, end + 1 - at);
  }
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_blank(text.front())) text.erase(0, 1);
  while (!text.empty() && is_blank(text.back())) text.pop_back();
  return text.empty() ? text : text + "\n";
}

bool is_sender(const std::string& entry) {
  return is_address(entry.starts_with('@') ? "x" + entry : entry) &&
         bare_address(entry.starts_with('@') ? "x" + entry : entry) == (entry.starts_with('@') ? "x" + entry : entry);
}

struct Faults {
  std::string operator()(const ForwardRule& rule) const {
    if (rule.addresses.empty() || rule.addresses.size() > 10) return "Mail is forwarded to one to ten addresses";
    for (const std::string& address : rule.addresses)
      if (!is_address(address)) return fmt::format("\"{}\" is no address", address);
    return "";
  }
  std::string operator()(const OutOfOfficeRule& rule) const {
    if (rule.text.empty()) return "An out-of-office answer needs a text";
    if (rule.days == 0) return "A sender is answered once in a day at most";
    if (rule.from && rule.until && *rule.from >= *rule.until) return "The out-of-office time ends before it begins";
    return "";
  }
  std::string operator()(const JunkRule& rule) const {
    for (const auto* list : {&rule.never, &rule.always})
      for (const std::string& entry : *list)
        if (!is_sender(entry))
          return fmt::format("\"{}\" is neither an address nor a domain as \"@example.org\"", entry);
    return "";
  }
  std::string operator()(const FilterRule& rule) const {
    for (const Condition& condition : rule.conditions) {
      const bool has_values = condition.what <= Condition::What::body;
      if (has_values == condition.values.empty()) return "A condition has the wrong number of values";
      const bool is_name = !condition.field.empty() &&
                           std::ranges::all_of(condition.field, [](char c) { return c > 32 && c < 127 && c != ':'; });
      if (is_name != (condition.what == Condition::What::header)) return "A condition names no header field";
    }
    for (const FilterAction& action : rule.actions) {
      if (action.value.empty() != (action.what == FilterAction::What::discard))
        return "An action lacks what it is about";
      if (action.what == FilterAction::What::forward && !is_address(action.value))
        return fmt::format("\"{}\" is no address", action.value);
    }
    return rule.actions.empty() && !rule.stops ? "A filter does something" : "";
  }
  std::string operator()(const IncludeRule& rule) const {
    return rule.script.empty() || rule.script == kRulesScript ? "Rules cannot include that script" : "";
  }
  std::string operator()(const TextRule& rule) const {
    return rule.text.empty() || rule.text.ends_with('\n') ? "" : "The text ends with a line end";
  }
};

}  // namespace

std::string fault_of(const Rule& rule) {
  if (rule.name.size() > 200) return "The name of a rule is too long";
  if (std::string fault = std::visit(Faults(), rule.what); !fault.empty()) return fault;
  // Texts of several lines stand in the script as they are.
  Names needs;
  const std::string body = std::visit(Body{needs}, rule.what);
  for (std::string_view rest = body; !rest.empty();)
    if (is_mark(take_line(rest))) return "The text has a line that marks rules";
  return "";
}

std::string print(const RuleList& list) {
  Names needs(list.requires_more.begin(), list.requires_more.end());
  std::string rules;
  for (const Rule& rule : list.rules)
    rules += "\n" + mark_of(rule) + body_of(rule, needs) + std::string(kEndMark) + "\n";
  std::string out = std::string(kFirstLine) + std::string(kExplained);
  if (!needs.empty()) {
    out += "require [";
    for (const std::string& name : needs) out += (out.ends_with('[') ? "" : ", ") + quote(name);
    out += "];\n";
  }
  return out + rules;
}

std::optional<RuleList> read_rules(std::string_view script) {
  if (bare(script.substr(0, script.find('\n'))) != bare(kFirstLine)) return std::nullopt;
  const auto nodes = parse_syntax(script, CompileLimits());
  if (!nodes) return std::nullopt;
  std::string plain(script);
  std::erase(plain, '\r');
  std::string_view rest = plain;
  take_line(rest);
  RuleList list;
  std::string mark, between;
  const auto end_outside = [&] {
    if (std::string text = without_requires(std::move(between)); !text.empty())
      list.rules.push_back({"", true, TextRule{std::move(text)}});
    between.clear();
  };
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (line == kExplained && mark.empty()) continue;
    if (mark.empty() && line.starts_with(kRuleMark)) {
      end_outside();
      mark = line;
    } else if (!mark.empty() && is_mark(line)) {
      list.rules.push_back(rule_between(mark, std::move(between)));
      between.clear();
      mark = line.starts_with(kRuleMark) ? line : "";  // a mark whose end somebody took away
    } else if (mark.empty() && bare(line) == kEndMark) {
      continue;
    } else {
      between += line;
      if (!line.ends_with('\n')) between += '\n';
    }
  }
  if (!mark.empty())
    list.rules.push_back(rule_between(mark, std::move(between)));
  else
    end_outside();
  Names needs;
  for (const Rule& rule : list.rules) body_of(rule, needs);
  Names more;
  for (const SyntaxNode& node : *nodes)
    if (node.name == "require")
      for (const SyntaxArgument& argument : node.arguments)
        for (const SyntaxString& name : argument.strings)
          if (!needs.contains(name.text)) more.insert(name.text);
  list.requires_more.assign(more.begin(), more.end());
  return list;
}

}  // namespace kontor::sieve
