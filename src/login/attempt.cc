// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/attempt.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "directory/address.h"
#include "net/blocking.h"

namespace kontor::login {
namespace {

constexpr std::uint32_t kLoginsPerConnection = 6;
constexpr std::chrono::seconds kLongestWaitForHash{60};

}  // namespace

bool may_send_secret(const net::Stream& stream, PlainLogin plain) {
  if (stream.is_encrypted()) return true;
  switch (plain) {
    case PlainLogin::never:
      return false;
    case PlainLogin::local:
      return stream.peer().is_unix || stream.peer().ip.is_loopback();
    case PlainLogin::always:
      return true;
  }
  return false;
}

void Attempt::log(std::string_view event, std::string_view user, std::string_view method) {
  log::info(event, {{"protocol", directory::name(protocol_)},
                    {"user", directory::shown(user)},
                    {"ip", net::to_string(stream_.peer())},
                    {"session", stream_.id()},
                    {"method", method},
                    {"tls", stream_.tls_description()}});
}

// A place to hash one password in; empty if there was none for a long time. Whoever waits asks ever less often: a crowd
// that waits must not keep the network's threads busy.
Task<net::Limits::Place> Attempt::hash_place() {
  using namespace std::chrono_literals;
  auto wait = 50ms;
  for (auto waited = 0ms; waited < kLongestWaitForHash; waited += wait, wait = std::min(2 * wait, 400ms)) {
    auto place = services_.limits.hash_place(services_.workers.threads());
    if (place) co_return place;
    co_await stream_.pause(wait);
  }
  co_return net::Limits::Place();
}

// Errors: those of `check`; too_large (too many failed logins from there); unavailable.
Task<Result<directory::Principal>> Attempt::guarded(const std::string& user, const Check& check) {
  net::Limits& limits = services_.limits;
  const net::Endpoint& peer = stream_.peer();
  if (limits.refuses(peer)) co_return fail(Errc::too_large, "too many failed logins");
  auto place = co_await hash_place();
  const auto verdict = limits.before_login(peer, user);
  if (verdict.delay.count() > 0) {
    place = {};
    co_await stream_.pause(verdict.delay);
    place = co_await hash_place();
  }
  if (verdict.refused || limits.refuses(peer)) co_return fail(Errc::too_large, "too many failed logins");
  if (!place) co_return fail(Errc::unavailable, "too many logins at this time, try again later");
  auto principal = co_await net::blocking(services_.workers, [&] { return check(); });
  if (principal || principal.error().code != Errc::unavailable) limits.after_login(peer, user, principal.has_value());
  co_return principal;
}

Task<Verdict> Attempt::decide(std::string user, std::string method, Check check) {
  auto principal = co_await guarded(user, check);
  if (principal) co_return Granted{*std::move(principal), std::move(method)};
  const Error& error = principal.error();
  if (error.code == Errc::too_large) {
    log("login.refused", user, method);
    co_return std::unexpected(Refusal{Refusal::Kind::too_many, error.text, error.text});
  }
  log("login.failed", user, method);
  if (error.code == Errc::unavailable) co_return std::unexpected(Refusal{Refusal::Kind::unavailable, error.text});
  Refusal refusal{Refusal::Kind::wrong, error.text};
  if (++failures_ >= kLoginsPerConnection) refusal.farewell = "too many failed logins";
  co_return std::unexpected(std::move(refusal));
}

}  // namespace kontor::login
