// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: one run of a script. Commands and tests are grouped in run_*.cc.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "formats/sieve/flag_list.h"
#include "formats/sieve/letter.h"
#include "formats/sieve/outcome.h"
#include "formats/sieve/run.h"

namespace kontor::sieve {

class Matcher;

class Runner {
 public:
  Runner(const Message& message, const Environment& environment, const RunLimits& limits)
      : environment_(environment), limits_(limits), letter_(message, limits) {}
  Outcome run(const Program& program);

 private:
  friend class Matcher;

  enum class Flow : std::uint8_t { next, stop, leave, break_loop };

  // One script: the main one, or an included one (RFC 6609 section 3.4: variables are its own).
  struct Scope {
    const Program* program = nullptr;
    std::string name;
    ScriptPlace place = ScriptPlace::personal;
    std::vector<std::string> locals;
    std::vector<std::string> matches;
  };

  // run_control.cc
  Result<Flow> run_commands(const std::vector<Call>& calls);
  Result<Flow> run_command(const Call& call);
  Result<Flow> do_command(const Call& call);
  Result<bool> test(const Call& call);
  Result<bool> do_test(const Call& call);
  Result<bool> all_of(const std::vector<Call>& tests, bool wanted);
  Result<Flow> do_include(const Call& call);
  Result<Flow> do_foreverypart(const Call& call);
  Result<Flow> do_break(const Call& call);
  Result<void> finish();
  Outcome failed(Error error);
  Result<void> spend(std::uint64_t units);
  Result<void> spend_bytes(std::uint64_t bytes) { return spend(bytes / 16); }
  void note_fault(Position at, const Error& error);

  // run_text.cc
  Result<std::string> expand(const Text& text);
  Result<std::vector<std::string>> expand(const Argument& argument);
  Result<std::string> expand_tag(const Call& call, Tag tag);
  Result<void> assign(const Text& variable, std::string value);
  Result<std::string> modify(const Call& call, std::string value);
  Result<void> do_set(const Call& call);
  Result<bool> test_string(const Call& call);

  // run_actions.cc
  Result<void> do_keep(const Call& call);
  Result<void> do_fileinto(const Call& call);
  Result<void> do_redirect(const Call& call);
  Result<void> do_reject(const Call& call);
  Result<void> do_flags(const Call& call);
  Result<bool> test_hasflag(const Call& call);
  Result<std::vector<std::string>> flags_of(const Call& call);
  Result<void> add(Action action);

  // run_header.cc
  Result<bool> test_header(const Call& call);
  Result<bool> test_address(const Call& call);
  Result<bool> test_exists(const Call& call);
  Result<bool> test_envelope(const Call& call);
  Result<bool> test_size(const Call& call);
  Result<std::vector<const mime::Entity*>> parts_of(const Call& call);
  // The fields of that name in that part, or the one that ":index" asks for. `part` null: the message, with edits.
  Result<std::vector<const LetterField*>> fields_named(const Call& call, const mime::Entity* part,
                                                       std::string_view name);
  Result<bool> match_mime_field(const Call& call, Matcher& matcher, const LetterField& field);

  // run_body.cc
  Result<bool> test_body(const Call& call);
  Result<bool> match_part(const mime::Entity& part, const std::vector<std::string>& types, Matcher& matcher);
  Result<void> do_extracttext(const Call& call);

  // run_date.cc
  Result<bool> test_date(const Call& call);

  // run_world.cc: questions to the environment
  Result<bool> test_world(const Call& call);
  Result<bool> test_duplicate(const Call& call);
  Result<bool> test_metadata(const Call& call, bool is_server);
  std::optional<std::string> environment_item(const std::string& name) const;

  // run_edit.cc
  Result<void> do_addheader(const Call& call);
  Result<void> do_deleteheader(const Call& call);

  // run_replace.cc
  Result<void> do_replace(const Call& call);
  Result<void> replace_all(const Call& call, const std::string& entity);
  Result<void> do_enclose(const Call& call);

  // run_vacation.cc, run_notify.cc
  Result<void> do_vacation(const Call& call);
  Result<bool> may_answer(const Call& call);
  Result<void> do_notify(const Call& call);
  Result<bool> test_notify(const Call& call);

  const Environment& environment_;
  const RunLimits& limits_;
  Letter letter_;
  Outcome outcome_;
  Scope* scope_ = nullptr;
  std::vector<Scope*> scopes_;
  std::map<std::string, std::string, std::less<>> globals_;
  std::set<std::string> included_;
  FlagList flags_;
  bool keeps_ = true;  // the implicit keep was not cancelled
  std::uint64_t work_ = 0;
  std::size_t includes_ = 0;
  std::vector<const mime::Entity*> parts_;  // the current ones of the foreverypart loops
  std::set<const mime::Entity*> replaced_;  // of these
  std::string break_to_;                    // the loop that a break leaves; empty: the innermost
};

}  // namespace kontor::sieve
