// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <deque>
#include <fstream>
#include <map>

#include "base/bytes.h"
#include "base/config.h"
#include "base/log.h"
#include "kontor/exit_code.h"
#include "kontor/secret.h"

namespace kontor::app {

struct VerbCommand::Secret {
  bool from_stdin = false;
  bool hash_from_stdin = false;
};

VerbCommand& VerbCommand::required(const std::string& argument, const std::string& shown, const std::string& about) {
  auto value = std::make_shared<std::string>();
  app_->add_option(shown, *value, about)->required()->type_name("");
  collect_.push_back([argument, value](json::object& out) -> Result<void> {
    out[argument] = *value;
    return {};
  });
  return *this;
}

VerbCommand& VerbCommand::text(const std::string& option, const std::string& argument, const std::string& shown,
                               const std::string& about, bool must) {
  auto value = std::make_shared<std::string>();
  CLI::Option* made = app_->add_option(option, *value, about)->type_name(shown);
  if (must) made->required();
  collect_.push_back([argument, value, made](json::object& out) -> Result<void> {
    if (made->count() > 0) out[argument] = *value;
    return {};
  });
  return *this;
}

// Errors: not_found, too_large.
static Result<std::string> read_bounded(const std::string& name, std::size_t most, std::string_view most_shown) {
  std::ifstream in(name, std::ios::binary);
  std::string text(most + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) return fail(Errc::not_found, "cannot read " + name);
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > most) return fail(Errc::too_large, fmt::format("{} is larger than {}", name, most_shown));
  return text;
}

VerbCommand& VerbCommand::file(const std::string& option, const std::string& argument, const std::string& about) {
  auto name = std::make_shared<std::string>();
  CLI::Option* made = app_->add_option(option, *name, about)->type_name("FILE");
  made->required();
  collect_.push_back([argument, name](json::object& out) -> Result<void> {
    TRY(out[argument], read_bounded(*name, 1 << 20, "a MiB"));
    return {};
  });
  return *this;
}

VerbCommand& VerbCommand::binary_file(const std::string& option, const std::string& argument, std::size_t most,
                                      const std::string& about) {
  auto name = std::make_shared<std::string>();
  CLI::Option* made = app_->add_option(option, *name, about)->type_name("FILE");
  collect_.push_back([argument, name, made, most](json::object& out) -> Result<void> {
    if (made->count() == 0) return {};
    TRY(const std::string bytes, read_bounded(*name, most, fmt::format("{} KiB", most >> 10)));
    out[argument] = to_base64(bytes);
    return {};
  });
  return *this;
}

VerbCommand& VerbCommand::list(const std::string& option, const std::string& argument, const std::string& shown,
                               const std::string& about) {
  auto values = std::make_shared<std::vector<std::string>>();
  CLI::Option* made = app_->add_option(option, *values, about)->type_name(shown)->delimiter(',');
  made->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  collect_.push_back([argument, values, made](json::object& out) -> Result<void> {
    if (made->count() == 0) return {};
    json::array all;
    for (const std::string& value : *values) all.emplace_back(value);
    out[argument] = std::move(all);
    return {};
  });
  return *this;
}

VerbCommand& VerbCommand::number(const std::string& option, const std::string& argument, const std::string& about) {
  auto value = std::make_shared<std::uint64_t>(0);
  CLI::Option* made = app_->add_option(option, *value, about)->type_name("NUMBER");
  if (!option.starts_with('-')) made->required();
  collect_.push_back([argument, value, made](json::object& out) -> Result<void> {
    if (made->count() > 0) out[argument] = *value;
    return {};
  });
  return *this;
}

VerbCommand& VerbCommand::size(const std::string& option, const std::string& argument, const std::string& about,
                               const std::string& word) {
  auto value = std::make_shared<std::string>();
  CLI::Option* made = app_->add_option(option, *value, about)->type_name("SIZE");
  collect_.push_back([argument, value, made, word](json::object& out) -> Result<void> {
    if (made->count() == 0) return {};
    if (*value == "unlimited") {
      out[argument] = 0;
    } else if (!word.empty() && *value == word) {
      out[argument] = nullptr;
    } else {
      TRY(std::uint64_t bytes, config::parse_size(*value));
      out[argument] = bytes;
    }
    return {};
  });
  return *this;
}

VerbCommand& VerbCommand::on_off(const std::string& option, const std::string& argument, const std::string& about) {
  auto value = std::make_shared<std::string>();
  CLI::Option* made = app_->add_option(option, *value, about)->type_name("on|off");
  made->check(CLI::IsMember({"on", "off"}));
  collect_.push_back([argument, value, made](json::object& out) -> Result<void> {
    if (made->count() > 0) out[argument] = *value == "on";
    return {};
  });
  return *this;
}

VerbCommand& VerbCommand::flag(const std::string& option, const std::string& argument, json::value value,
                               const std::string& about) {
  CLI::Option* made = app_->add_flag(option, about);
  collect_.push_back([argument, value = std::move(value), made](json::object& out) -> Result<void> {
    if (made->count() > 0) out[argument] = value;
    return {};
  });
  return *this;
}

VerbCommand& VerbCommand::secret(bool asks) {
  auto from = std::make_shared<Secret>();
  CLI::Option* plain = app_->add_flag("--password-stdin", from->from_stdin, "Read the password from standard input");
  app_->add_flag("--password-hash-stdin", from->hash_from_stdin,
                 "Read a hash from another system from standard input, like {SSHA}... or {CRYPT}$6$...")
      ->excludes(plain);
  collect_.push_back([from, asks](json::object& out) -> Result<void> {
    if (from->from_stdin) {
      TRY(std::string password, read_stdin_line());
      out["password"] = password;
    } else if (from->hash_from_stdin) {
      TRY(std::string hash, read_stdin_line());
      out["password_hash"] = hash;
    } else if (asks) {
      TRY(std::string password, ask_new_password());
      out["password"] = password;
    }
    return {};
  });
  return *this;
}

VerbCommand& VerbCommand::confirms(const std::string& question) {
  const std::string about = "Do not ask";
  app_->add_flag("--yes", about);
  question_ = question;
  return *this;
}

VerbCommand& VerbCommand::example(const std::string& line) {
  examples_ += (examples_.empty() ? "Examples:\n  " : "  ") + line + "\n";
  app_->footer(examples_);
  return *this;
}

struct CommandLine::State {
  CLI::App app{"Kontor: mail, calendars and contacts for organisations", "kontor"};
  std::string config;
  bool is_json = false;
  std::map<std::string, CLI::App*> by_path;
  std::deque<VerbCommand> verbs;
  std::function<int()> chosen;
};

CommandLine::CommandLine() : state_(std::make_unique<State>()) {
  CLI::App& app = state_->app;
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("kontor ") + KONTOR_VERSION);
  app.add_option("--config", state_->config,
                 "The configuration file (default: /etc/kontor/kontor.toml, if there is one)")
      ->type_name("FILE")
      ->envname("KONTOR_CONFIG");
  app.add_flag("--json", state_->is_json, "Print JSON");
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 exists or in conflict, 5 nothing to reach.\n"
      "docs/administration.md explains the commands, `kontor config docs` the configuration.\n");
  state_->by_path[""] = &app;
}

CommandLine::~CommandLine() = default;

CLI::App* CommandLine::make(const std::string& path, const std::string& about) {
  auto space = path.rfind(' ');
  CLI::App* parent = state_->by_path.at(space == std::string::npos ? "" : path.substr(0, space));
  CLI::App* made = parent->add_subcommand(space == std::string::npos ? path : path.substr(space + 1), about);
  state_->by_path[path] = made;
  return made;
}

void CommandLine::group(const std::string& path, const std::string& about) { make(path, about)->require_subcommand(1); }

// --config and --json may stand before or behind the command's words.
static void add_common(CLI::App& app, std::string& config, bool& is_json) {
  app.add_option("--config", config, "The configuration file")->type_name("FILE");
  app.add_flag("--json", is_json, "Print JSON");
}

VerbCommand& CommandLine::verb(const std::string& path, const std::string& verb, const std::string& about,
                               Printer print, CallOptions options) {
  VerbCommand& command = state_->verbs.emplace_back();
  command.app_ = make(path, about);
  command.verb_ = verb;
  command.print_ = std::move(print);
  command.options_ = options;
  add_common(*command.app_, state_->config, state_->is_json);
  command.app_->callback([this, &command] { state_->chosen = [this, &command] { return run_verb(command); }; });
  return command;
}

VerbCommand& CommandLine::work(const std::string& path, const std::string& about, Printer print, Work work) {
  VerbCommand& command = verb(path, "", about, std::move(print));
  command.work_ = std::move(work);
  return command;
}

void CommandLine::command(const std::string& path, const std::string& about, const std::string& example,
                          std::function<int(Settings&, bool)> run, bool needs_settings) {
  CLI::App* app = make(path, about);
  add_common(*app, state_->config, state_->is_json);
  if (!example.empty()) app->footer("Examples:\n  " + example + "\n");
  app->callback([this, run = std::move(run), needs_settings] {
    state_->chosen = [this, run, needs_settings] {
      Settings settings;
      if (needs_settings)
        if (auto loaded = load_settings(settings, state_->config); !loaded) return report(loaded.error(), true);
      return run(settings, state_->is_json);
    };
  });
}

int CommandLine::report(const Error& error, bool is_opening) {
  if (state_->is_json)
    fmt::print("{}\n", json::serialize(
                           json::object{{"error", json::object{{"code", name(error.code)}, {"text", error.text}}}}));
  fmt::print(stderr, "kontor: {}\n", error.text);
  return exit_code(error.code, is_opening);
}

int CommandLine::run_verb(VerbCommand& command) {
  Settings settings;
  if (auto loaded = load_settings(settings, state_->config); !loaded) return report(loaded.error(), true);
  // A command is not the server: what it finds it says itself.
  log::configure(log::Level::off, log::Form::text, "");
  json::object arguments;
  for (const auto& collect : command.collect_)
    if (auto done = collect(arguments); !done) return report(done.error(), false);
  if (!command.question_.empty() && command.app_->count("--yes") == 0 && !confirm(command.question_)) return kFailed;

  Answer answer = command.work_ ? command.work_(settings, arguments)
                                : call(settings, command.verb_, json::serialize(arguments), command.options_);
  if (!answer.result) return report(answer.result.error(), answer.is_opening);
  boost::system::error_code failed;
  json::value value = json::parse(*answer.result, failed);
  if (failed) return report({Errc::unavailable, "The server's answer is no JSON"}, false);
  if (!state_->is_json) return command.print_(value);
  fmt::print("{}\n", *answer.result);
  return value.is_object() && value.get_object().contains("clean") && !value.get_object().at("clean").as_bool()
             ? kFailed
             : kOk;
}

int CommandLine::run(int argc, char** argv) {
  try {
    state_->app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    int code = state_->app.exit(error);
    return code == 0 ? kOk : kUsage;
  }
  return state_->chosen ? state_->chosen() : kUsage;
}

}  // namespace kontor::app
