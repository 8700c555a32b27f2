// SPDX-License-Identifier: AGPL-3.0-or-later
// `kontor rule`: forwards, out-of-office, junk lists and all rules of an account.
#include <fmt/format.h>

#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"

namespace kontor::app {
namespace {

std::string words_of(const json::value& list) {
  std::string out;
  for (const json::value& one : list.as_array()) out += (out.empty() ? "" : ", ") + cell(one);
  return out;
}

std::string summary_of(const json::object& rule) {
  const std::string kind = cell(rule.at("kind"));
  if (kind == "forward") return words_of(rule.at("addresses")) + (rule.at("keep").as_bool() ? ", and kept" : "");
  if (kind == "out_of_office") return cell(rule.at("text"));
  if (kind == "junk") return "always: " + words_of(rule.at("always")) + "; never: " + words_of(rule.at("never"));
  if (kind == "include") return cell(rule.at("script"));
  if (kind == "filter")
    return fmt::format("{} conditions, {} actions", rule.at("conditions").as_array().size(),
                       rule.at("actions").as_array().size());
  return cell(rule.at("text"));
}

int print_rules(const json::value& answer) {
  json::array rows;
  for (const json::value& one : answer.at("rules").as_array()) {
    const json::object& rule = one.as_object();
    const json::value* name = rule.if_contains("name");
    std::string summary = summary_of(rule);
    for (char& c : summary)
      if (static_cast<unsigned char>(c) < 32) c = ' ';
    rows.push_back(json::object{{"kind", rule.at("kind")},
                                {"name", name ? *name : json::value("")},
                                {"what", summary},
                                {"on", !rule.contains("enabled")}});
  }
  print_table(rows, {{"KIND", "kind"}, {"NAME", "name"}, {"WHAT", "what"}, {"ON", "on"}});
  if (!answer.at("active").as_bool() && !rows.empty()) fmt::print("They are off: another script is active.\n");
  return kOk;
}

}  // namespace

void add_rule_commands(CommandLine& line) {
  line.group("rule", "Rules of an account: what happens to its mail");
  line.verb("rule list", "rule.list", "Lists them", print_rules)
      .required("address", "ADDRESS", "Whose")
      .example("kontor rule list ada@example.org --json");
  line.verb("rule set", "rule.set", "Replaces them by those in a file, as `list --json` prints them", print_rules)
      .required("address", "ADDRESS", "Whose")
      .file("--rules", "rules", "The rules, as JSON");
  line.verb("rule forward", "rule.forward", "Sends mail on", print_rules)
      .required("address", "ADDRESS", "Whose")
      .list("--to", "to", "ADDRESS", "To whom; replaces what was set")
      .on_off("--keep", "keep", "Whether a copy stays here (on)")
      .flag("--off", "off", true, "Not any more")
      .example("kontor rule forward ada@example.org --to ada@example.com --keep off");
  line.verb("rule out-of-office", "rule.out-of-office", "Answers for somebody who is away", print_rules)
      .required("address", "ADDRESS", "Whose")
      .text("--text", "text", "TEXT", "What senders are told; an earlier absence ends")
      .text("--external-text", "external_text", "TEXT", "What senders outside are told instead; \"\": nothing")
      .text("--subject", "subject", "TEXT", "Otherwise \"Auto:\" and that of the message")
      .text("--since", "since", "TIME", "From then on: 2026-12-24, or 2026-12-24T08:00:00Z")
      .text("--until", "until", "TIME", "Until then")
      .number("--days", "days", "How often one sender is told: once in so many days (7)")
      .flag("--off", "off", true, "Back again")
      .example("kontor rule out-of-office ada@example.org --text \"I am away until Monday.\" --until 2026-12-28");
  line.verb("rule junk", "rule.junk", "Whose mail is junk always, or never", print_rules)
      .required("address", "ADDRESS", "Whose list")
      .list("--always", "always", "SENDER", "An address, or a domain as @example.com")
      .list("--never", "never", "SENDER", "The same; counts before --always")
      .list("--forget", "forget", "SENDER", "Neither")
      .example("kontor rule junk ada@example.org --always @ads.example --never shop@ads.example");
}

}  // namespace kontor::app
