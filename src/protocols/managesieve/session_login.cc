// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 5804 sections 1.7 (capabilities), 2.1 (AUTHENTICATE), 2.2 (STARTTLS), 2.14 (UNAUTHENTICATE).
#include "base/bytes.h"
#include "protocols/managesieve/session.h"

namespace kontor::managesieve {
namespace {

using wire::managesieve::print_string;

// The one place where refused logins become response codes (RFC 5804 section 1.3).
Response refusal_response(const login::Refusal& refusal) {
  using Kind = login::Refusal::Kind;
  switch (refusal.kind) {
    case Kind::needs_tls:
      return no(refusal.text, "ENCRYPT-NEEDED");
    case Kind::too_many:
    case Kind::unavailable:
      return no(refusal.text, "TRYLATER");
    case Kind::given_up:
    case Kind::broken:
    case Kind::no_mechanism:
    case Kind::wrong:
    case Kind::no_right:
      break;
  }
  return no(refusal.text);
}

void add_line(std::string& out, std::string_view name, std::string_view value) {
  out += print_string(name) + " " + print_string(value) + "\r\n";
}

}  // namespace

std::string Session::capabilities() {
  const Options& options = server_->options;
  const sieve::Capabilities extensions = groupware::script_capabilities(options.sending);
  std::string out;
  add_line(out, "IMPLEMENTATION", options.version.empty() ? "Kontor" : "Kontor " + options.version);
  std::string mechanisms;
  if (!account_ && may_send_password())
    for (const std::string_view name : login::mechanisms(server_->logins, io_.stream()))
      mechanisms.append(mechanisms.empty() ? "" : " ").append(name);
  add_line(out, "SASL", mechanisms);
  add_line(out, "SIEVE", sieve::names(extensions));
  if (sieve::has(extensions, sieve::Capability::enotify)) add_line(out, "NOTIFY", "mailto");
  if (!account_ && io_.stream().can_start_tls()) out += "\"STARTTLS\"\r\n";
  if (options.sending == groupware::Sending::yes) add_line(out, "MAXREDIRECTS", std::to_string(options.forwards));
  if (account_) add_line(out, "OWNER", login_name_);
  out += "\"UNAUTHENTICATE\"\r\n";
  add_line(out, "VERSION", "1.0");
  return out;
}

Task<Response> Session::start_tls() {
  if (account_ || !io_.stream().can_start_tls()) co_return no("STARTTLS is not possible here.");
  // What came in plain behind the command must not be taken for what came through TLS.
  if (io_.has_input()) {
    is_ended_ = true;
    co_return bye("Nothing may follow STARTTLS before the handshake.");
  }
  const std::string go_on = print(ok("Begin TLS now."));
  co_await io_.write(go_on);
  co_await io_.start_tls();
  const std::string lines = capabilities();
  co_await io_.write(lines);
  co_return ok("TLS it is.");
}

Task<Response> Session::authenticate(Command command) {
  if (account_) co_return no("You are logged in already.");
  std::optional<std::string> initial;
  if (command.text) {
    initial = from_base64(*command.text);
    if (!initial) co_return no("The initial response is not base64.");
  }
  login::Login login(server_->logins, directory::Protocol::managesieve, io_, failed_logins_);
  auto verdict = co_await login.authenticate(std::move(command.name), std::move(initial), {.is_string = true},
                                             may_send_password());
  if (!verdict) {
    if (!verdict.error().farewell.empty()) {
      is_ended_ = true;
      co_return bye(verdict.error().farewell);
    }
    co_return refusal_response(verdict.error());
  }
  const auto entered = co_await enter(verdict->principal);
  if (!entered)
    co_return entered.error().code == Errc::too_large ? no(entered.error().text, "TRYLATER")
                                                      : response_to(entered.error());
  login.note(*verdict, login_name_);
  Response response = ok("Logged in.");
  if (verdict->last_word) {
    response.code = "SASL";
    response.argument = to_base64(*verdict->last_word);
  }
  co_return response;
}

Task<Result<void>> Session::enter(directory::Principal principal) {
  const AccountId id = principal.account();
  if (!id) co_return fail(Errc::denied, "A group has no scripts.");
  auto place = server_->services.limits.user(principal.primary_address());
  if (!place) co_return fail(Errc::too_large, "Too many connections of this user.");
  auto opened = co_await net::blocking(server_->services.workers, [&] { return server_->services.accounts.open(id); });
  if (!opened) co_return std::unexpected(std::move(opened).error());
  ticket_ = server_->presence.enter(principal.id.value, io_.stream().make_end_signal());
  if (!server_->services.directory.may_use(principal.id, directory::Protocol::managesieve)) {  // not any more
    ticket_ = {};
    co_return fail(Errc::denied, "This login is not allowed.");
  }
  io_.stream().set_deadline(std::nullopt);
  account_ = *std::move(opened);
  caller_ = groupware::Caller::user(principal.id);
  login_name_ = principal.primary_address();
  place_ = std::move(place);
  co_return Result<void>();
}

Response Session::unauthenticate() {
  account_ = nullptr;
  caller_ = {};
  login_name_.clear();
  ticket_ = {};
  place_ = {};
  io_.stream().set_deadline(std::chrono::steady_clock::now() + server_->options.login_timeout);
  return ok("Nobody is logged in now.");
}

}  // namespace kontor::managesieve
