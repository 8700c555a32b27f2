// SPDX-License-Identifier: AGPL-3.0-or-later
// Control structures (RFC 5228 section 3), "include" (RFC 6609), "foreverypart" (RFC 5703 section 3), and what happens
// at the end.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/sieve/runner.h"

namespace kontor::sieve {

Outcome run(const Program& program, const Message& message, const Environment& environment, const RunLimits& limits) {
  return Runner(message, environment, limits).run(program);
}

Outcome Runner::run(const Program& program) {
  Scope scope;
  scope.program = &program;
  scope.locals.resize(program.locals);
  scope_ = &scope;
  scopes_.push_back(&scope);
  if (auto flow = run_commands(program.commands); !flow) return failed(std::move(flow.error()));
  if (auto done = finish(); !done) return failed(std::move(done.error()));
  outcome_.work = work_;
  return std::move(outcome_);
}

Outcome Runner::failed(Error error) {
  note_fault({}, error);
  Outcome outcome;
  outcome.fault = std::move(outcome_.fault);
  outcome.script = std::move(outcome_.script);
  outcome.actions.emplace_back(Keep{.flags = {}, .edition = 0, .is_implicit = true});
  outcome.work = work_;
  return outcome;
}

// The innermost place that failed is the one to show.
void Runner::note_fault(Position at, const Error& error) {
  if (outcome_.fault) return;
  outcome_.fault = Fault{at, error.text};
  outcome_.script = scope_->name;
}

Result<void> Runner::spend(std::uint64_t units) {
  work_ += units + letter_.take_bytes_read() / 16;
  if (work_ <= limits_.work) return {};
  return fail(Errc::too_large, "The script takes too much time on this message.");
}

Result<void> Runner::finish() {
  if (!keeps_) return {};
  Keep keep;
  keep.flags = flags_.flags();
  keep.is_implicit = true;
  TRY(keep.edition, letter_.edition(outcome_.editions));
  return add(std::move(keep));
}

Result<Runner::Flow> Runner::run_commands(const std::vector<Call>& calls) {
  bool is_decided = false;  // of an if and what follows it: one block ran
  for (const Call& call : calls) {
    const bool continues = call.op == Op::elsif || call.op == Op::else_;
    if (continues && is_decided) continue;
    if (call.op == Op::if_ || continues) {
      is_decided = call.op == Op::else_;
      if (call.op != Op::else_) {
        TRY(is_decided, test(call.tests.front()));
      }
      if (!is_decided) continue;
      TRY(const Flow flow, run_commands(call.block));
      if (flow != Flow::next) return flow;
      continue;
    }
    TRY(const Flow flow, run_command(call));
    if (flow != Flow::next) return flow;
  }
  return Flow::next;
}

Result<Runner::Flow> Runner::run_command(const Call& call) {
  auto flow = do_command(call);
  if (!flow) note_fault(call.at, flow.error());
  return flow;
}

Result<Runner::Flow> Runner::do_command(const Call& call) {
  TRY_VOID(spend(1));
  const auto next = [](Result<void> done) -> Result<Flow> {
    if (!done) return std::unexpected(std::move(done.error()));
    return Flow::next;
  };
  switch (call.op) {
    case Op::stop:
      return Flow::stop;
    case Op::return_:
      return scopes_.size() > 1 ? Flow::leave : Flow::stop;
    case Op::keep:
      return next(do_keep(call));
    case Op::discard:
      keeps_ = false;
      return Flow::next;
    case Op::fileinto:
      return next(do_fileinto(call));
    case Op::redirect:
      return next(do_redirect(call));
    case Op::reject:
    case Op::ereject:
      return next(do_reject(call));
    case Op::setflag:
    case Op::addflag:
    case Op::removeflag:
      return next(do_flags(call));
    case Op::set:
      return next(do_set(call));
    case Op::vacation:
      return next(do_vacation(call));
    case Op::addheader:
      return next(do_addheader(call));
    case Op::deleteheader:
      return next(do_deleteheader(call));
    case Op::include:
      return do_include(call);
    case Op::global:
      return Flow::next;  // was for the compiler
    case Op::notify:
      return next(do_notify(call));
    case Op::foreverypart:
      return do_foreverypart(call);
    case Op::break_:
      return do_break(call);
    case Op::extracttext:
      return next(do_extracttext(call));
    case Op::replace:
      return next(do_replace(call));
    case Op::enclose:
      return next(do_enclose(call));
    case Op::error: {
      TRY(std::string text, expand(call.arguments[0].texts[0]));
      return fail(Errc::invalid, std::move(text));
    }
    default:
      break;
  }
  return fail(Errc::invalid,
              call.arguments.empty() ? "This command cannot run." : call.arguments[0].texts[0].constant());
}

Result<bool> Runner::test(const Call& call) {
  auto answer = do_test(call);
  if (!answer) note_fault(call.at, answer.error());
  return answer;
}

Result<bool> Runner::all_of(const std::vector<Call>& tests, bool wanted) {
  for (const Call& one : tests) {
    TRY(const bool answer, test(one));
    if (answer != wanted) return !wanted;
  }
  return wanted;
}

Result<bool> Runner::do_test(const Call& call) {
  TRY_VOID(spend(1));
  switch (call.op) {
    case Op::true_:
      return true;
    case Op::false_:
      return false;
    case Op::not_: {
      TRY(const bool answer, test(call.tests.front()));
      return !answer;
    }
    case Op::allof:
      return all_of(call.tests, true);
    case Op::anyof:
      return all_of(call.tests, false);
    case Op::address:
      return test_address(call);
    case Op::envelope:
      return test_envelope(call);
    case Op::exists:
      return test_exists(call);
    case Op::header:
      return test_header(call);
    case Op::size:
      return test_size(call);
    case Op::body:
      return test_body(call);
    case Op::hasflag:
      return test_hasflag(call);
    case Op::string:
      return test_string(call);
    case Op::date:
    case Op::currentdate:
      return test_date(call);
    case Op::valid_notify_method:
    case Op::notify_method_capability:
      return test_notify(call);
    case Op::fault:
      return fail(Errc::invalid, call.arguments[0].texts[0].constant());
    default:
      return test_world(call);
  }
}

Result<Runner::Flow> Runner::do_include(const Call& call) {
  const ScriptPlace place = call.has(Tag::global) ? ScriptPlace::global : ScriptPlace::personal;
  const std::string& name = call.arguments[0].texts[0].constant();
  const std::string key = (place == ScriptPlace::global ? "g:" : "p:") + name;
  if (call.has(Tag::once) && included_.contains(key)) return Flow::next;
  if (++includes_ > limits_.includes) return fail(Errc::too_large, "Scripts are included too often.");
  if (scopes_.size() > limits_.include_depth) return fail(Errc::too_large, "Scripts include one another too deeply.");
  for (const Scope* scope : scopes_) {
    const bool is_this = scope != scopes_.front() && scope->place == place && scope->name == name;
    if (is_this) return fail(Errc::invalid, fmt::format("The script '{}' includes itself.", name));
  }
  TRY_VOID(spend(100));
  std::shared_ptr<const Program> program;
  if (environment_.script) {
    TRY(program, environment_.script(place, name));
  }
  if (!program) {
    if (call.has(Tag::optional)) return Flow::next;
    return fail(Errc::not_found, fmt::format("There is no script '{}' to include.", name));
  }
  included_.insert(key);
  Scope scope;
  scope.program = program.get();
  scope.name = name;
  scope.place = place;
  scope.locals.resize(program->locals);
  Scope* outer = std::exchange(scope_, &scope);
  scopes_.push_back(&scope);
  auto flow = run_commands(program->commands);
  scopes_.pop_back();
  scope_ = outer;
  if (flow && *flow == Flow::leave) return Flow::next;
  return flow;
}

// RFC 5703 section 3: depth first. The outer loop begins with the message itself; one within it goes over what the
// current part holds.
Result<Runner::Flow> Runner::do_foreverypart(const Call& call) {
  std::vector<const mime::Entity*> waiting;
  const auto push_children = [&](const mime::Entity& part) {
    if (part.message) waiting.push_back(part.message.get());
    for (auto child = part.parts.rbegin(); child != part.parts.rend(); ++child) waiting.push_back(&*child);
  };
  // RFC 5703 section 5: what was replaced has no parts any more.
  const auto is_gone = [&](const mime::Entity& part) { return replaced_.contains(&part); };
  const bool is_outermost = parts_.empty();
  if (is_outermost) {
    waiting.push_back(&letter_.structure());
  } else if (!is_gone(*parts_.back())) {
    push_children(*parts_.back());
  }
  const Argument* given = call.find(Tag::name);
  const std::string name = given ? to_lower(given->texts[0].constant()) : "";
  while (!waiting.empty()) {
    TRY_VOID(spend(1));
    const mime::Entity* part = waiting.back();
    waiting.pop_back();
    parts_.push_back(part);
    auto flow = run_commands(call.block);
    parts_.pop_back();
    if (!flow) return flow;
    if (*flow == Flow::break_loop) {
      if (!break_to_.empty() && break_to_ != name) return flow;
      break_to_.clear();
      break;
    }
    if (*flow != Flow::next) return flow;
    if (!is_gone(*part)) push_children(*part);
  }
  if (is_outermost) TRY_VOID(letter_.settle());
  return Flow::next;
}

Result<Runner::Flow> Runner::do_break(const Call& call) {
  const Argument* given = call.find(Tag::name);
  break_to_ = given ? to_lower(given->texts[0].constant()) : "";
  return Flow::break_loop;
}

}  // namespace kontor::sieve
