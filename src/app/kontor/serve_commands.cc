// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include <cstdio>

#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"
#include "kontor/server.h"

namespace kontor::app {
namespace {

int print_check(const json::value& answer) {
  for (const json::value& fault : answer.at("faults").as_array())
    fmt::print("{}: {}{}\n", cell(fault.at("where")), cell(fault.at("what")),
               fault.at("repaired").as_bool() ? " (repaired)" : "");
  fmt::print("{} accounts, {} folders, {} items, {} blobs, {}: {}\n", cell(answer.at("accounts")),
             cell(answer.at("folders")), cell(answer.at("items")), cell(answer.at("blobs")),
             human_size(answer.at("bytes").to_number<std::uint64_t>()),
             answer.at("clean").as_bool() ? "clean" : fmt::format("{} faults", cell(answer.at("open_faults"))));
  return answer.at("clean").as_bool() ? kOk : kFailed;
}

int print_index(const json::value& answer) {
  print_table(answer.at("accounts"), {{"ACCOUNT", "address"},
                                      {"DOCUMENTS", "documents"},
                                      {"WAITING", "waiting"},
                                      {"SIZE", "bytes", true},
                                      {"SOUND", "is_sound"}});
  return kOk;
}

int print_rebuild(const json::value& answer) {
  fmt::print("{} indexes will be made anew in the background\n", cell(answer.at("accounts")));
  return kOk;
}

int print_status(const json::value& answer) {
  print_details(answer, {"disk_bytes"});
  return kOk;
}

int show_config(Settings& settings, bool is_json) {
  if (!is_json) {
    fmt::print("{}", settings.schema.to_toml());
    return kOk;
  }
  json::array keys;
  for (const config::Entry& entry : settings.schema.entries())
    keys.push_back(json::object{{"key", entry.key},
                                {"value", entry.show()},
                                {"default", entry.standard},
                                {"type", entry.type},
                                {"allowed", entry.allowed},
                                {"reloads", entry.about.reloads}});
  fmt::print("{}\n", json::serialize(json::object{{"file", settings.file}, {"keys", std::move(keys)}}));
  return kOk;
}

int show_docs(Settings& settings, bool) {
  fmt::print(
      "# Configuration\n\n"
      "<!-- Made by `kontor config docs`; the text stands beside the code that uses each key. -->\n\n"
      "Kontor reads one TOML file: the one given with `--config`, else the one that the environment variable\n"
      "`KONTOR_CONFIG` names, else `/etc/kontor/kontor.toml` if it is there. Every key has a default that works; an "
      "unknown\n"
      "key is an error. `kontor config show` prints the values in effect, `kontor config check` says whether a file "
      "is\n"
      "sound.\n\n"
      "Sizes are numbers of bytes or texts like `\"64K\"`, `\"5G\"` (powers of 1024). Durations are texts like "
      "`\"500ms\"`,\n"
      "`\"30s\"`, `\"15m\"`, `\"2h\"`, `\"7d\"`. Endpoints are `\"ADDRESS:PORT\"`, `\"[IPV6]:PORT\"`, `\"*:PORT\"` or\n"
      "`\"unix:PATH\"`; port 0 stands for any free one. Where everything really listens is in `endpoints.json` in the "
      "data\n"
      "folder while the server runs.\n{}",
      settings.schema.to_markdown());
  return kOk;
}

int check_config(Settings& settings, bool is_json) {
  if (is_json)
    fmt::print("{}\n", json::serialize(json::object{{"file", settings.file}, {"sound", true}}));
  else
    fmt::print("{}: sound\n", settings.file.empty() ? "No file, all defaults" : settings.file);
  return kOk;
}

}  // namespace

void add_serve_commands(CommandLine& line) {
  line.command("serve", "Runs the server until SIGTERM", "kontor serve --config /etc/kontor/kontor.toml",
               [](Settings& settings, bool) { return serve(settings); });
  line.verb("status", "status", "Shows what the running server does", print_status,
            {.may_open = false, .may_make = false})
      .example("kontor status --json");
  line.verb("check", "check", "Checks every invariant of the store; exit code 1 if it finds faults", print_check)
      .flag("--repair", "repair", true, "Make derived data anew and repair what can be repaired")
      .flag("--read-content", "read_content", true, "Also read all content and compare its hash")
      .example("kontor check --read-content")
      .example("kontor check --repair");
  line.group("search", "The index of words");
  line.verb("search status", "search.status", "Shows how far the index is", print_index)
      .text("--account", "address", "ADDRESS", "Of this account only")
      .example("kontor search status --account ada@example.org --json");
  line.verb("search rebuild", "search.rebuild", "Drops the index; the server makes it anew in the background",
            print_rebuild)
      .text("--account", "address", "ADDRESS", "Of this account only")
      .example("kontor search rebuild --account ada@example.org");
  line.group("config", "The configuration");
  line.command("config show", "Prints all values in effect", "kontor config show --config kontor.toml", show_config);
  line.command("config check", "Says whether a configuration file is sound", "kontor config check --config kontor.toml",
               check_config);
  line.command("config docs", "Prints the reference of all keys, as Markdown", "", show_docs, false);
}

}  // namespace kontor::app
