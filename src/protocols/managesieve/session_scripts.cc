// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 5804 sections 2.5 to 2.12: what is done with scripts.
#include <algorithm>

#include "protocols/managesieve/session.h"

namespace kontor::managesieve {
namespace {

using wire::managesieve::print_string;

std::string lines_of(const std::vector<sieve::Fault>& faults) {
  std::string text;
  for (const sieve::Fault& fault : faults) text += (text.empty() ? "" : "\r\n") + sieve::text_of(fault);
  return text;
}

// The program, or the answer that refuses the script; warnings go into `accepted`.
std::optional<Response> check(const groupware::Reader& reader, const std::string& script, groupware::Sending sending,
                              Response& accepted) {
  const sieve::Compiled compiled = groupware::compile_script(script, sending);
  if (!compiled.program) return no(lines_of(compiled.faults));
  const auto warnings = groupware::script_warnings(*compiled.program, reader);
  if (!warnings) return response_to(warnings.error());
  if (warnings->empty()) return std::nullopt;
  accepted.code = "WARNINGS";
  accepted.text.clear();
  for (const std::string& warning : *warnings) accepted.text += (accepted.text.empty() ? "" : "\r\n") + warning;
  return std::nullopt;
}

Response response_of(const Result<Response>& result) { return result ? *result : response_to(result.error()); }

}  // namespace

Task<Response> Session::have_space(Command command) {
  const groupware::Options& limits = server_->services.accounts.options();
  if (command.size > limits.largest_script) co_return no("Such a script is too large.", "QUOTA/MAXSIZE");
  co_return response_of(co_await net::blocking(server_->services.workers, [&]() -> Result<Response> {
    TRY(const auto reader, account_->read(caller_));
    TRY(const std::vector<std::string> names, reader->scripts());
    const bool is_new = std::ranges::find(names, command.name) == names.end();
    if (is_new && names.size() >= limits.scripts_per_account)
      return no("There are as many scripts as there may be.", "QUOTA/MAXSCRIPTS");
    return ok();
  }));
}

Task<Response> Session::put_script(Command command) {
  co_return response_of(co_await net::blocking(server_->services.workers, [&]() -> Result<Response> {
    TRY(const auto reader, account_->read(caller_));
    Response accepted = ok("The script is stored.");
    if (auto refused = check(*reader, command.script, server_->options.sending, accepted)) return *refused;
    TRY_VOID(account_->update(caller_, [&](groupware::Transaction& transaction) {
      return transaction.put_script(command.name, command.script);
    }));
    return accepted;
  }));
}

Task<Response> Session::check_script(Command command) {
  co_return response_of(co_await net::blocking(server_->services.workers, [&]() -> Result<Response> {
    TRY(const auto reader, account_->read(caller_));
    Response accepted = ok("The script is sound.");
    if (auto refused = check(*reader, command.script, server_->options.sending, accepted)) return *refused;
    return accepted;
  }));
}

Task<Response> Session::list_scripts() {
  const auto lines = co_await net::blocking(server_->services.workers, [&]() -> Result<std::string> {
    TRY(const auto reader, account_->read(caller_));
    TRY(const std::vector<std::string> names, reader->scripts());
    std::string out;
    for (const std::string& name : names)
      out += print_string(name) + (name == reader->active_script().name ? " ACTIVE\r\n" : "\r\n");
    return out;
  });
  if (!lines) co_return response_to(lines.error());
  co_await io_.write(*lines);
  co_return ok();
}

Task<Response> Session::get_script(Command command) {
  const auto text = co_await net::blocking(server_->services.workers, [&]() -> Result<std::string> {
    TRY(const auto reader, account_->read(caller_));
    return reader->script(command.name);
  });
  if (!text) co_return response_to(text.error());
  const std::string line = print_string(*text) + "\r\n";
  co_await io_.write(line);
  co_return ok();
}

Task<Response> Session::change(std::function<Result<void>(groupware::Transaction&)> step, std::string done) {
  const auto changed =
      co_await net::blocking(server_->services.workers, [&] { return account_->update(caller_, step); });
  if (!changed) co_return response_to(changed.error());
  co_return ok(std::move(done));
}

Task<Response> Session::set_active(Command command) {
  std::function<Result<void>(groupware::Transaction&)> step = [&](groupware::Transaction& transaction) {
    return transaction.activate_script(command.name);
  };
  co_return co_await change(std::move(step), command.name.empty() ? "No script is active." : "The script is active.");
}

Task<Response> Session::delete_script(Command command) {
  std::function<Result<void>(groupware::Transaction&)> step = [&](groupware::Transaction& transaction) {
    return transaction.remove_script(command.name);
  };
  Response response = co_await change(std::move(step), "The script is gone.");
  if (response.code == "TRYLATER" && account_->active_script().name == command.name) response.code = "ACTIVE";
  co_return response;
}

Task<Response> Session::rename_script(Command command) {
  std::function<Result<void>(groupware::Transaction&)> step = [&](groupware::Transaction& transaction) {
    return transaction.rename_script(command.name, command.new_name);
  };
  co_return co_await change(std::move(step), "The script has another name.");
}

}  // namespace kontor::managesieve
