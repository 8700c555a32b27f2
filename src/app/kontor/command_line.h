// SPDX-License-Identifier: AGPL-3.0-or-later
// The command line as a tree of verbs: what each takes, how its answer is printed. CLI11 stays inside.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "kontor/client.h"
#include "kontor/settings.h"

namespace CLI {
class App;
}

namespace kontor::app {

namespace json = boost::json;

// Prints an answer for people, and says with which code the process ends.
using Printer = std::function<int(const json::value& answer)>;

// What a command does that calls no verb: an answer, or an error.
using Work = std::function<Answer(const Settings& settings, const json::object& arguments)>;

// One command that calls one verb, or does work of its own. Every function adds an option or an argument and returns
// the command.
class VerbCommand {
 public:
  VerbCommand& required(const std::string& argument, const std::string& shown, const std::string& about);
  VerbCommand& text(const std::string& option, const std::string& argument, const std::string& shown,
                    const std::string& about, bool must = false);
  // The option names a file, of at most a MiB, whose text is the argument.
  VerbCommand& file(const std::string& option, const std::string& argument, const std::string& about);
  // The option names a file, of at most `most` bytes, that is the argument in base64.
  VerbCommand& binary_file(const std::string& option, const std::string& argument, std::size_t most,
                           const std::string& about);
  VerbCommand& list(const std::string& option, const std::string& argument, const std::string& shown,
                    const std::string& about);
  VerbCommand& number(const std::string& option, const std::string& argument, const std::string& about);
  // "5G", or "unlimited"; with `word`, that word stands for null.
  VerbCommand& size(const std::string& option, const std::string& argument, const std::string& about,
                    const std::string& word = "");
  VerbCommand& on_off(const std::string& option, const std::string& argument, const std::string& about);
  // The option sets the argument to `value`.
  VerbCommand& flag(const std::string& option, const std::string& argument, json::value value,
                    const std::string& about);
  // --password-stdin and --password-hash-stdin. `asks`: without either, a person at a terminal is asked.
  VerbCommand& secret(bool asks);
  VerbCommand& confirms(const std::string& question);
  VerbCommand& example(const std::string& line);

 private:
  friend class CommandLine;
  struct Secret;
  using Collect = std::function<Result<void>(json::object&)>;

  CLI::App* app_ = nullptr;
  std::string verb_;
  Work work_;  // instead of the verb
  CallOptions options_;
  Printer print_;
  std::string question_;
  std::vector<Collect> collect_;
  std::string examples_;
};

class CommandLine {
 public:
  CommandLine();
  ~CommandLine();

  // A word that only groups commands: "user", or "user app-password".
  void group(const std::string& path, const std::string& about);
  VerbCommand& verb(const std::string& path, const std::string& verb, const std::string& about, Printer print,
                    CallOptions options = {});
  VerbCommand& work(const std::string& path, const std::string& about, Printer print, Work work);
  // A command that is no verb and takes nothing.
  void command(const std::string& path, const std::string& about, const std::string& example,
               std::function<int(Settings&, bool)> run, bool needs_settings = true);

  // Parses, runs, and returns the exit code.
  int run(int argc, char** argv);

 private:
  struct State;
  int run_verb(VerbCommand& command);
  int report(const Error& error, bool is_opening);
  CLI::App* make(const std::string& path, const std::string& about);

  std::unique_ptr<State> state_;
};

}  // namespace kontor::app
