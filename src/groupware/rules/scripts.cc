// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/rules/scripts.h"

#include <fmt/format.h>

#include <algorithm>

namespace kontor::groupware {
namespace {

constexpr std::size_t kMostWarnings = 20;

void each_call(const std::vector<sieve::Call>& calls, const std::function<void(const sieve::Call&)>& visit) {
  for (const sieve::Call& call : calls) {
    visit(call);
    each_call(call.tests, visit);
    each_call(call.block, visit);
  }
}

const std::string* constant_of(const sieve::Call& call) {
  if (call.arguments.empty() || call.arguments[0].texts.empty() || !call.arguments[0].texts[0].is_constant())
    return nullptr;
  return &call.arguments[0].texts[0].constant();
}

bool sends(sieve::Op op) { return op == sieve::Op::redirect || op == sieve::Op::vacation || op == sieve::Op::notify; }

}  // namespace

sieve::Capabilities script_capabilities(Sending sending) {
  using sieve::Capability;
  sieve::Capabilities all = sieve::all_capabilities();
  const auto drop = [&](Capability capability) { all.reset(static_cast<std::size_t>(capability)); };
  drop(Capability::extlists);  // there are no lists to look into
  if (sending == Sending::no)
    for (const Capability capability : {Capability::vacation, Capability::vacation_seconds, Capability::enotify})
      drop(capability);
  return all;
}

sieve::Compiled compile_script(std::string_view text, Sending sending) {
  sieve::CompileOptions options;
  options.capabilities = script_capabilities(sending);
  sieve::Compiled compiled = sieve::compile(text, options);
  if (!compiled.program || sending == Sending::yes) return compiled;
  each_call(compiled.program->commands, [&](const sieve::Call& call) {
    if (sends(call.op) && compiled.faults.size() < options.limits.faults)
      compiled.faults.push_back({call.at, "This server does not send mail for scripts."});
  });
  if (!compiled.faults.empty()) compiled.program = nullptr;
  return compiled;
}

Result<std::vector<std::string>> script_warnings(const sieve::Program& program, const Reader& reader) {
  TRY(const std::vector<std::string> names, reader.scripts());
  const std::shared_ptr<const FolderTable> folders = reader.folders();
  std::vector<std::string> warnings;
  const auto warn = [&](const sieve::Call& call, std::string text) {
    if (warnings.size() < kMostWarnings) warnings.push_back(fmt::format("line {}: {}", call.at.line, text));
  };
  each_call(program.commands, [&](const sieve::Call& call) {
    const std::string* name = constant_of(call);
    if (!name) return;
    const bool is_exact =
        !call.has(sieve::Tag::create) && !call.has(sieve::Tag::specialuse) && !call.has(sieve::Tag::mailboxid);
    if (call.op == sieve::Op::fileinto && is_exact && !folders->at_path(*name))
      warn(call, fmt::format("there is no folder \"{}\"; until there is, such mail stays in the inbox", *name));
    const bool is_own = call.op == sieve::Op::include && !call.has(sieve::Tag::global);
    if (is_own && !call.has(sieve::Tag::optional) && std::ranges::find(names, *name) == names.end())
      warn(call, fmt::format("there is no script \"{}\" to include", *name));
  });
  return warnings;
}

}  // namespace kontor::groupware
