// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 3501 section 6.2: STARTTLS, AUTHENTICATE and LOGIN.
#include <algorithm>
#include <chrono>

#include "base/bytes.h"
#include "base/log.h"
#include "protocols/imap/commands.h"
#include "protocols/imap/session.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

using wire::imap::Cursor;

constexpr std::uint32_t kLoginsPerConnection = 6;
constexpr std::chrono::seconds kLongestWaitForHash{60};

Reply needs_tls() { return Reply::no("passwords travel only over TLS here", "PRIVACYREQUIRED"); }

void log_login(Session& session, std::string_view event, std::string_view user, std::string_view method) {
  log::info(event, {{"protocol", "imap"},
                    {"user", wire::imap::one_line(user)},
                    {"ip", net::to_string(session.stream().peer())},
                    {"session", session.stream().id()},
                    {"method", method},
                    {"tls", session.stream().tls_description()}});
}

// A place to hash one password in; empty if there was none for a long time. Whoever waits asks ever less often: a crowd
// that waits must not keep the network's threads busy.
Task<net::Limits::Place> hash_place(Session& session) {
  using namespace std::chrono_literals;
  auto wait = 50ms;
  for (auto waited = 0ms; waited < kLongestWaitForHash; waited += wait, wait = std::min(2 * wait, 400ms)) {
    auto place = session.services().limits.hash_place(session.workers().threads());
    if (place) co_return place;
    co_await session.stream().pause(wait);
  }
  co_return net::Limits::Place();
}

// Errors: those of Directory::authenticate; too_large (too many failed logins from there); unavailable.
Task<Result<directory::Principal>> check_password(Session& session, std::string user, std::string password) {
  net::Limits& limits = session.services().limits;
  const net::Endpoint& peer = session.stream().peer();
  if (limits.refuses(peer)) co_return fail(Errc::too_large, "too many failed logins");
  auto place = co_await hash_place(session);
  const auto verdict = limits.before_login(peer, user);
  if (verdict.delay.count() > 0) {
    place = {};
    co_await session.stream().pause(verdict.delay);
    place = co_await hash_place(session);
  }
  if (verdict.refused || limits.refuses(peer)) co_return fail(Errc::too_large, "too many failed logins");
  if (!place) co_return fail(Errc::unavailable, "too many logins at this time, try again later");
  auto principal = co_await net::blocking(session.workers(), [&] {
    return session.services().directory.authenticate(user, password, directory::Protocol::imap);
  });
  if (principal || principal.error().code != Errc::unavailable) limits.after_login(peer, user, principal.has_value());
  co_return principal;
}

Task<Result<Reply>> log_in(Session& session, std::string user, std::string password, std::string_view method) {
  auto principal = co_await check_password(session, user, std::move(password));
  if (!principal && principal.error().code == Errc::too_large) {
    log_login(session, "login.refused", user, method);
    co_await session.bye(principal.error().text);
    co_return Reply::no(principal.error().text, "LIMIT");
  }
  if (!principal) {
    log_login(session, "login.failed", user, method);
    if (principal.error().code == Errc::unavailable) co_return Reply::no(principal.error().text, "UNAVAILABLE");
    if (++session.failed_logins >= kLoginsPerConnection) co_await session.bye("too many failed logins");
    co_return Reply::no(principal.error().text, "AUTHENTICATIONFAILED");
  }
  CO_TRY_VOID(co_await session.enter(*std::move(principal)));
  log_login(session, "login.ok", session.user(), method);
  co_return Reply::ok("logged in", "CAPABILITY " + session.capabilities());
}

// One SASL response: a line of base64. Nothing: the client gave up or sent something else.
Task<std::optional<std::string>> sasl_response(Session& session, std::string challenge) {
  co_await session.ask(challenge);
  const auto line = co_await session.read_line();
  if (!line || *line == "*") co_return std::nullopt;
  co_return from_base64(*line);
}

// RFC 4616: authzid NUL authcid NUL password.
Task<Result<Reply>> auth_plain(Session& session, std::optional<std::string> response) {
  if (!response) response = co_await sasl_response(session, "");
  if (!response) co_return Reply::bad("AUTHENTICATE was given up");
  const auto first = response->find('\0');
  const auto second = first == std::string::npos ? first : response->find('\0', first + 1);
  if (second == std::string::npos || response->find('\0', second + 1) != std::string::npos) {
    co_return Reply::bad("the PLAIN response is broken");
  }
  const std::string as = response->substr(0, first);
  std::string user = response->substr(first + 1, second - first - 1);
  if (!as.empty() && as != user) co_return Reply::no("you may not act as somebody else", "AUTHORIZATIONFAILED");
  co_return co_await log_in(session, std::move(user), response->substr(second + 1), "PLAIN");
}

// The older mechanism that some clients still have: two questions.
Task<Result<Reply>> auth_login(Session& session, std::optional<std::string> user) {
  if (!user) user = co_await sasl_response(session, to_base64("Username:"));
  if (!user) co_return Reply::bad("AUTHENTICATE was given up");
  auto password = co_await sasl_response(session, to_base64("Password:"));
  if (!password) co_return Reply::bad("AUTHENTICATE was given up");
  co_return co_await log_in(session, *std::move(user), *std::move(password), "LOGIN");
}

}  // namespace

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
  if (!session.may_send_password()) co_return needs_tls();
  co_return co_await log_in(session, std::move(user), std::move(password), "plain LOGIN");
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
  if (mechanism != "PLAIN" && mechanism != "LOGIN") co_return Reply::no("there is no such mechanism", "CANNOT");
  if (!session.may_send_password()) co_return needs_tls();
  if (mechanism == "PLAIN") co_return co_await auth_plain(session, std::move(initial));
  co_return co_await auth_login(session, std::move(initial));
}

}  // namespace kontor::imap
