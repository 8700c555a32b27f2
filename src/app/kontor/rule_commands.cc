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
  std::uint64_t number = 0;
  for (const json::value& one : answer.at("rules").as_array()) {
    const json::object& rule = one.as_object();
    const json::value* name = rule.if_contains("name");
    std::string summary = summary_of(rule);
    for (char& c : summary)
      if (static_cast<unsigned char>(c) < 32) c = ' ';
    rows.push_back(json::object{{"number", ++number},
                                {"kind", rule.at("kind")},
                                {"name", name ? *name : json::value("")},
                                {"what", summary},
                                {"on", !rule.contains("enabled")}});
  }
  print_table(rows, {{"NUMBER", "number"}, {"KIND", "kind"}, {"NAME", "name"}, {"WHAT", "what"}, {"ON", "on"}});
  if (!answer.at("active").as_bool() && !rows.empty()) fmt::print("They are off: another script is active.\n");
  return kOk;
}

int print_out_of_office(const json::value& answer) {
  if (!answer.at("set").as_bool()) {
    fmt::print("No out-of-office answer is set\n");
    return kOk;
  }
  print_details(answer, {});
  return kOk;
}

// Sets or ends it, and shows what is set then.
Work out_of_office_work(bool is_off) {
  return [is_off](const Settings& settings, const json::object& arguments) -> Answer {
    json::object wanted = arguments;
    if (is_off) wanted["off"] = true;
    Answer changed = call(settings, "rule.out-of-office", json::serialize(wanted), {});
    if (!changed.result) return changed;
    const json::object whose{{"address", arguments.at("address")}};
    return call(settings, "rule.out-of-office.show", json::serialize(whose), {});
  };
}

void add_out_of_office(CommandLine& line) {
  line.group("user out-of-office", "What senders are told while somebody is away");
  line.work("user out-of-office set", "Answers from now on, or from --from", print_out_of_office,
            out_of_office_work(false))
      .required("address", "ADDRESS", "Who is away")
      .text("--internal", "text", "TEXT", "What senders of the same tenant are told; an earlier absence ends")
      .text("--external", "external_text", "TEXT", "What others are told; \"\": nothing; otherwise the same")
      .text("--subject", "subject", "TEXT", "Otherwise \"Auto:\" and that of the message")
      .text("--from", "since", "TIME", "From then on: 2026-12-24, or 2026-12-24T08:00:00Z")
      .text("--until", "until", "TIME", "Until then")
      .number("--days", "days", "How often one sender is told: once in so many days (7)")
      .example(
          "kontor user out-of-office set ada@example.org --internal \"Back on Monday.\" --external \"\" --until "
          "2026-12-28");
  line.verb("user out-of-office show", "rule.out-of-office.show", "Shows it, and whether it answers now",
            print_out_of_office)
      .required("address", "ADDRESS", "Whose");
  line.work("user out-of-office off", "Back again", print_out_of_office, out_of_office_work(true))
      .required("address", "ADDRESS", "Who is back");
}

void add_one_rule(CommandLine& line, const std::string& word, const std::string& what, const std::string& about) {
  const Work work = [what](const Settings& settings, const json::object& arguments) -> Answer {
    json::object wanted = arguments;
    wanted["what"] = what;
    return call(settings, "rule.change", json::serialize(wanted), {});
  };
  line.work("rule " + word, about, print_rules, work)
      .required("address", "ADDRESS", "Whose")
      .number("--number", "number", "Which, as the list numbers them");
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
  add_one_rule(line, "on", "on", "Switches one rule on");
  add_one_rule(line, "off", "off", "Switches one rule off; it stays in the list");
  add_one_rule(line, "first", "first", "Moves one rule before all others");
  add_one_rule(line, "remove", "remove", "Removes one rule");
  add_out_of_office(line);
}

}  // namespace kontor::app
