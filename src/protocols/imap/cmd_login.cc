// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.2: STARTTLS, AUTHENTICATE and LOGIN.
#include "base/bytes.h"
#include "login/login.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/session.h"

namespace kontor::imap {
namespace {

using wire::imap::Cursor;

// The one place where refused logins become IMAP's words (RFC 5530).
Reply refusal_reply(const login::Refusal& refusal) {
  using Kind = login::Refusal::Kind;
  switch (refusal.kind) {
    case Kind::given_up:
    case Kind::broken:
      return Reply::bad(refusal.text);
    case Kind::no_mechanism:
      return Reply::no(refusal.text, "CANNOT");
    case Kind::needs_tls:
      return Reply::no(refusal.text, "PRIVACYREQUIRED");
    case Kind::wrong:
      return Reply::no(refusal.text, "AUTHENTICATIONFAILED");
    case Kind::no_right:
      return Reply::no(refusal.text, "AUTHORIZATIONFAILED");
    case Kind::too_many:
      return Reply::no(refusal.text, "LIMIT");
    case Kind::unavailable:
      return Reply::no(refusal.text, "UNAVAILABLE");
  }
  return Reply::no(refusal.text);
}

Task<Result<Reply>> finish_login(Session& session, login::Login& login, login::Verdict verdict) {
  if (!verdict) {
    if (!verdict.error().farewell.empty()) co_await session.bye(verdict.error().farewell);
    co_return refusal_reply(verdict.error());
  }
  CO_TRY_VOID(co_await session.enter(verdict->principal));
  login.note(*verdict, session.user());
  co_return Reply::ok("logged in", "CAPABILITY " + session.capabilities());
}

}  // namespace

login::Services login_services(const Services& services) {
  return {services.directory, services.limits, services.workers, services.tokens};
}

Task<Result<void>> Session::enter(directory::Principal principal) {
  const AccountId id = principal.account();
  if (!id) co_return fail(Errc::denied, "a group has no folders of its own");
  place_ = services().limits.user(principal.primary_address());
  if (!place_) co_return fail(Errc::too_large, "too many connections of this user");
  auto opened = co_await net::blocking(workers(), [&] { return services().accounts.open(id); });
  if (!opened) {
    place_ = {};
    co_return std::unexpected(std::move(opened).error());
  }
  ticket_ = server_->presence.enter(principal.id.value, stream().make_end_signal());
  if (!services().directory.may_use(principal.id, directory::Protocol::imap)) {  // not any more
    ticket_ = {};
    place_ = {};
    co_return fail(Errc::denied, "this login is not allowed");
  }
  account_ = *std::move(opened);
  stream().set_deadline(std::nullopt);
  caller_ = groupware::Caller::user(principal.id);
  caller_.session = ++server_->logins;
  mailboxes_.emplace(services().accounts, services().directory, caller_, account_);
  user_ = principal.primary_address();
  co_return Result<void>();
}

Task<Result<Reply>> cmd_starttls(Session& session, Command& command) {
  Cursor in(command.args());
  if (!in.finish()) co_return Reply::bad(in);
  if (!session.stream().can_start_tls()) co_return Reply::bad("STARTTLS is not possible here");
  const std::string line = command.tag + " OK begin TLS now\r\n";
  co_await session.write(line);
  // What came in plain behind the command must not be taken for what came through TLS.
  session.io().drop_input();
  co_await session.io().start_tls();
  co_return Reply{Reply::Kind::none, {}, {}};
}

Task<Result<Reply>> cmd_login(Session& session, Command& command) {
  Cursor in(command.args());
  in.space();
  std::string user = in.astring();
  in.space();
  std::string password = in.astring();
  if (!in.finish()) co_return Reply::bad(in);
  if (!session.may_send_password()) co_return Reply::no("passwords travel only over TLS here", "PRIVACYREQUIRED");
  const auto services = login_services(session.services());
  login::Login login(services, directory::Protocol::imap, session.io(), session.failed_logins);
  auto verdict = co_await login.password(std::move(user), std::move(password), "plain LOGIN");
  co_return co_await finish_login(session, login, std::move(verdict));
}

Task<Result<Reply>> cmd_authenticate(Session& session, Command& command) {
  Cursor in(command.args());
  in.space();
  const std::string mechanism = to_upper(in.atom());
  std::optional<std::string> initial;
  if (in.take(' ')) {  // RFC 4959: "=" is the empty response
    const std::string_view given = in.rest();
    initial = given == "=" ? std::string() : from_base64(given);
    if (!initial || given.empty()) co_return Reply::bad("the initial response is not base64");
  } else if (!in.finish()) {
    co_return Reply::bad(in);
  }
  const auto services = login_services(session.services());
  login::Login login(services, directory::Protocol::imap, session.io(), session.failed_logins);
  auto verdict = co_await login.authenticate(mechanism, std::move(initial), {}, session.may_send_password());
  co_return co_await finish_login(session, login, std::move(verdict));
}

}  // namespace kontor::imap
