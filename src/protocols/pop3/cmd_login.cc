// SPDX-License-Identifier: AGPL-3.0-or-later
// STLS (RFC 2595), USER and PASS (RFC 1939 section 7), AUTH (RFC 5034), and what follows a login.
#include "base/bytes.h"
#include "protocols/pop3/session.h"

namespace kontor::pop3 {
namespace {

// The one place where refused logins become POP3's words (RFC 2449 section 8, RFC 3206).
Reply refusal_reply(const login::Refusal& refusal) {
  using Kind = login::Refusal::Kind;
  switch (refusal.kind) {
    case Kind::given_up:
    case Kind::broken:
    case Kind::no_mechanism:
      return Reply::bad(refusal.text);
    case Kind::needs_tls:
      return Reply::error(refusal.text);
    case Kind::wrong:
    case Kind::no_right:
      return Reply::error(refusal.text, "AUTH");
    case Kind::too_many:
    case Kind::unavailable:
      return Reply::error(refusal.text, "SYS/TEMP");
  }
  return Reply::error(refusal.text);
}

}  // namespace

Task<Result<void>> Session::enter(directory::Principal principal) {
  const AccountId id = principal.account();
  if (!id) co_return fail(Errc::denied, "a group has no folders of its own");
  auto place = server_->services.limits.user(principal.primary_address());
  if (!place) co_return fail(Errc::too_large, "too many connections of this user");
  auto lock = server_->maildrops.take(id);
  if (!lock) co_return fail(Errc::exists, "another session has the maildrop open");
  auto caller = groupware::Caller::user(principal.id);
  std::shared_ptr<groupware::Account> account;
  auto opened = co_await net::blocking(workers(), [&]() -> Result<Maildrop> {
    TRY(account, server_->services.accounts.open(id));
    return Maildrop::open(*account, caller);
  });
  if (!opened) co_return std::unexpected(std::move(opened).error());
  ticket_ = server_->presence.enter(principal.id.value, stream().make_end_signal());
  if (!server_->services.directory.may_use(principal.id, directory::Protocol::pop3)) {  // not any more
    ticket_ = {};
    co_return fail(Errc::denied, "this login is not allowed");
  }
  stream().set_deadline(std::nullopt);
  account_ = std::move(account);
  caller_ = caller;
  login_name_ = principal.primary_address();
  place_ = std::move(place);
  lock_ = std::move(lock);
  maildrop_ = *std::move(opened);
  co_return Result<void>();
}

Task<Reply> Session::finish_login(login::Login& login, login::Verdict verdict) {
  if (!verdict) {
    if (!verdict.error().farewell.empty()) end();
    co_return refusal_reply(verdict.error());
  }
  const AccountId id = verdict->principal.account();
  if (!server_->login_times.may(id, options().login_delay, LoginTimes::Clock::now())) {
    co_return Reply::error("you logged in a moment ago, try again later", "LOGIN-DELAY");
  }
  const auto entered = co_await enter(verdict->principal);
  if (!entered && entered.error().code == Errc::exists) co_return Reply::error(entered.error().text, "IN-USE");
  if (!entered) co_return reply_to(entered.error());
  login.note(*verdict, login_name_);
  co_return Reply::ok(std::to_string(maildrop_->count()) + " messages");
}

Task<Result<Reply>> cmd_stls(Session& session, std::string) {
  if (!session.stream().can_start_tls()) co_return Reply::error("STLS is not possible here");
  // RFC 6856 section 2.1.
  if (session.speaks_utf8) co_return Reply::error("STLS must come before UTF8");
  co_await session.write("+OK begin TLS now\r\n");
  // What came in plain behind the command must not be taken for what came through TLS.
  session.io().drop_input();
  co_await session.io().start_tls();
  session.user.clear();
  co_return Reply::none();
}

Task<Result<Reply>> cmd_user(Session& session, std::string args) {
  if (!session.may_send_password()) co_return Reply::error("passwords travel only over TLS here");
  if (args.empty()) co_return Reply::bad("a name is missing");
  session.user = std::move(args);
  // Whether there is such a user is not told.
  co_return Reply::ok("send PASS");
}

Task<Result<Reply>> cmd_pass(Session& session, std::string args) {
  if (!session.may_send_password()) co_return Reply::error("passwords travel only over TLS here");
  if (session.user.empty()) co_return Reply::bad("USER must come first");
  std::string user = std::move(session.user);
  session.user.clear();
  login::Login login(session.server().logins, directory::Protocol::pop3, session.io(), session.failed_logins);
  auto verdict = co_await login.password(std::move(user), std::move(args), "USER");
  co_return co_await session.finish_login(login, std::move(verdict));
}

Task<Result<Reply>> cmd_auth(Session& session, std::string args) {
  if (args.empty()) {  // as older clients ask, from before CAPA
    std::string list = "+OK the mechanisms are\r\n";
    if (session.may_send_password()) {
      for (const auto name : login::mechanisms(session.server().logins, session.stream())) list.append(name) += "\r\n";
    }
    list += ".\r\n";
    co_await session.write(list);
    co_return Reply::none();
  }
  const auto space = args.find(' ');
  std::optional<std::string> initial;
  if (space != std::string::npos) {  // RFC 5034 section 4: "=" is the empty response
    const std::string_view given = std::string_view(args).substr(space + 1);
    initial = given == "=" ? std::string() : from_base64(given);
    if (!initial || given.empty()) co_return Reply::bad("the initial response is not base64");
  }
  login::Login login(session.server().logins, directory::Protocol::pop3, session.io(), session.failed_logins);
  auto verdict =
      co_await login.authenticate(to_upper(args.substr(0, space)), std::move(initial), {}, session.may_send_password());
  co_return co_await session.finish_login(login, std::move(verdict));
}

}  // namespace kontor::pop3
