// SPDX-License-Identifier: AGPL-3.0-or-later
// `kontor sieve`: what a script would do with a message. Needs neither server nor store.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/time.h"
#include "formats/mime/decode.h"
#include "formats/mime/parser.h"
#include "formats/sieve/compile.h"
#include "formats/sieve/run.h"
#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"

namespace kontor::app {
namespace {

Result<std::string> read_whole(const std::string& file, std::uintmax_t limit) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) return fail(Errc::not_found, fmt::format("cannot read {}: {}", file, error.message()));
  if (size > limit) return fail(Errc::too_large, fmt::format("{} is larger than {} bytes", file, limit));
  std::ifstream input(file, std::ios::binary);
  std::string bytes(size, '\0');
  input.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!input) return fail(Errc::unavailable, fmt::format("cannot read {}", file));
  return bytes;
}

std::string option(const json::object& arguments, const char* name, const char* standard) {
  const json::value* given = arguments.if_contains(name);
  return given ? std::string(given->as_string()) : standard;
}

json::array faults_of(const std::vector<sieve::Fault>& faults) {
  json::array list;
  for (const sieve::Fault& fault : faults)
    list.push_back(json::object{{"line", fault.at.line}, {"column", fault.at.column}, {"text", fault.text}});
  return list;
}

Result<sieve::Compiled> compile_file(const std::string& file) {
  TRY(const std::string text, read_whole(file, 16 << 20));
  return sieve::compile(text);
}

// Included scripts are files beside one another: NAME.sieve.
sieve::Environment environment_of(const json::object& arguments) {
  sieve::Environment environment;
  environment.envelope.from = option(arguments, "from", "sender@example.com");
  environment.envelope.to = option(arguments, "to", "recipient@example.com");
  environment.addresses = {environment.envelope.to};
  environment.now = system_clock().now();
  std::set<std::string> mailboxes;
  if (const json::value* list = arguments.if_contains("mailboxes"))
    for (const json::value& name : list->as_array()) mailboxes.emplace(name.as_string());
  environment.mailbox_exists = [mailboxes](std::string_view name) { return mailboxes.contains(std::string(name)); };
  environment.item = [](std::string_view item) -> std::optional<std::string> {
    if (item == "name") return "Kontor";
    if (item == "version") return KONTOR_VERSION;
    if (item == "location") return "MDA";
    if (item == "phase") return "during";
    return std::nullopt;
  };
  const std::string folder = option(arguments, "scripts", "");
  environment.script = [folder](sieve::ScriptPlace,
                                std::string_view name) -> Result<std::shared_ptr<const sieve::Program>> {
    if (folder.empty() || name.find('/') != std::string_view::npos) return nullptr;
    const auto path = std::filesystem::path(folder) / (std::string(name) + ".sieve");
    if (!std::filesystem::exists(path)) return nullptr;
    TRY(sieve::Compiled compiled, compile_file(path.string()));
    if (!compiled.program) return fail(Errc::invalid, fmt::format("{}: {}", name, text_of(compiled.faults.front())));
    return compiled.program;
  };
  return environment;
}

Result<std::string> test_script(const json::object& arguments) {
  TRY(const sieve::Compiled compiled, compile_file(option(arguments, "script", "")));
  json::object answer{{"faults", faults_of(compiled.faults)}};
  if (!compiled.program || !arguments.contains("message")) return json::serialize(answer);
  TRY(const std::string message, read_whole(option(arguments, "message", ""), 256 << 20));
  const mime::Entity structure = mime::parse(message);
  const sieve::Outcome outcome =
      sieve::run(*compiled.program, sieve::message_of(structure, message), environment_of(arguments));
  answer["failed"] = outcome.fault.has_value();
  answer["work"] = outcome.work;
  // A message may hold any bytes, JSON may not.
  answer["actions"] = mime::to_utf8(sieve::text_of(outcome), "utf-8").text;
  return json::serialize(answer);
}

int print_outcome(const json::value& answer) {
  for (const json::value& fault : answer.at("faults").as_array())
    fmt::print("line {}, column {}: {}\n", cell(fault.at("line")), cell(fault.at("column")), cell(fault.at("text")));
  if (!answer.at("faults").as_array().empty()) return kFailed;
  const json::value* actions = answer.as_object().if_contains("actions");
  if (!actions) {
    fmt::print("The script is sound.\n");
    return kOk;
  }
  fmt::print("{}", std::string_view(actions->as_string()));
  return answer.at("failed").as_bool() ? kFailed : kOk;
}

int print_scripts(const json::value& answer) {
  print_table(answer, {{"NAME", "name"}, {"SIZE", "bytes", true}, {"ACTIVE", "active"}});
  return kOk;
}

int print_script(const json::value& answer) {
  fmt::print("{}", std::string_view(answer.at("text").as_string()));
  return kOk;
}

void add_script_commands(CommandLine& line) {
  line.verb("sieve list", "sieve.list", "Lists an account's scripts", print_scripts)
      .required("address", "ADDRESS", "Whose");
  line.verb("sieve show", "sieve.show", "Prints a script", print_script)
      .required("address", "ADDRESS", "Whose")
      .text("--name", "name", "NAME", "Which; otherwise the active one");
  line.verb("sieve put", "sieve.put", "Stores a script, in the place of one of that name", print_scripts)
      .required("address", "ADDRESS", "Whose")
      .required("name", "NAME", "Its name")
      .file("--script", "text", "The script")
      .flag("--activate", "activate", true, "It filters mail from now on")
      .example("kontor sieve put ada@example.org main --script main.sieve --activate");
  line.verb("sieve activate", "sieve.activate", "Says which script filters mail", print_scripts)
      .required("address", "ADDRESS", "Whose")
      .text("--name", "name", "NAME", "Which; otherwise none");
  line.verb("sieve remove", "sieve.remove", "Removes a script that is not active", print_scripts)
      .required("address", "ADDRESS", "Whose")
      .required("name", "NAME", "Which")
      .confirms("Remove the script?");
}

}  // namespace

void add_sieve_commands(CommandLine& line) {
  const Work work = [](const Settings&, const json::object& arguments) -> Answer {
    return {test_script(arguments), false};
  };
  line.group("sieve", "Filter scripts (Sieve)");
  line.work("sieve check", "Says whether a script is sound, and what is wrong with it", print_outcome, work)
      .text("--script", "script", "FILE", "The script", true)
      .example("kontor sieve check --script filter.sieve");
  line.work("sieve test", "Shows what a script would do with a message; nothing is delivered", print_outcome, work)
      .text("--script", "script", "FILE", "The script", true)
      .text("--message", "message", "FILE", "The message, as it would arrive", true)
      .text("--from", "from", "ADDRESS", "The envelope's sender")
      .text("--to", "to", "ADDRESS", "The recipient for whom the script runs")
      .list("--mailbox", "mailboxes", "NAME", "A mailbox that exists; may be given several times")
      .text("--scripts", "scripts", "FOLDER", "Where included scripts are, as NAME.sieve")
      .example("kontor sieve test --script filter.sieve --message mail.eml");
  add_script_commands(line);
}

}  // namespace kontor::app
