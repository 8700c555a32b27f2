// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/http_login.h"

#include <chrono>
#include <memory>

#include "base/bytes.h"
#include "base/digest.h"
#include "login/attempt.h"
#include "login/oauth.h"
#include "wire/http/authorization.h"

namespace kontor::login {
namespace {

using wire::http::Authorization;
using HttpVerdict = std::expected<Granted, net::HttpResponse>;

// How long a connection's token is taken without asking whether it is still good.
constexpr std::chrono::seconds kTokenLifetime{60};

// What a connection has proven. Of the connection's thread.
struct Proven {
  std::uint32_t failures = 0;
  std::string header;  // a digest of the Authorization header that was taken; empty: none was
  PrincipalId principal;
  std::string method;
  std::chrono::steady_clock::time_point until;  // of a token
  net::Limits::Place place;
};

Proven& proven_by(net::HttpVisit& visit) {
  if (auto* found = std::any_cast<std::shared_ptr<Proven>>(&visit.notes)) return **found;
  auto made = std::make_shared<Proven>();
  visit.notes = made;
  return *made;
}

net::HttpResponse refusing(unsigned status, std::string_view why) {
  net::HttpResponse response;
  response.status = status;
  response.body = std::string(why) + "\n";
  return response;
}

// RFC 7617 section 2.1: names and passwords are UTF-8.
net::HttpResponse challenge(const Services& services, std::string_view why, bool is_bad_token = false) {
  net::HttpResponse response = refusing(401, why);
  response.headers.emplace_back("WWW-Authenticate", R"(Basic realm="Kontor", charset="UTF-8")");
  if (services.tokens != nullptr) {
    response.headers.emplace_back("WWW-Authenticate", is_bad_token ? R"(Bearer realm="Kontor", error="invalid_token")"
                                                                   : R"(Bearer realm="Kontor")");
  }
  return response;
}

net::HttpResponse try_later(unsigned status, std::string_view why, const char* seconds) {
  net::HttpResponse response = refusing(status, why);
  response.headers.emplace_back("Retry-After", seconds);
  return response;
}

net::HttpResponse to_response(const Services& services, const Refusal& refusal, bool is_bearer) {
  net::HttpResponse response;
  switch (refusal.kind) {
    case Refusal::Kind::too_many:
      response = try_later(429, refusal.text, "300");
      break;
    case Refusal::Kind::unavailable:
      response = try_later(503, refusal.text, "10");
      break;
    case Refusal::Kind::needs_tls:
    case Refusal::Kind::no_right:
      response = refusing(403, refusal.text);
      break;
    case Refusal::Kind::broken:
    case Refusal::Kind::given_up:
    case Refusal::Kind::no_mechanism:
    case Refusal::Kind::wrong:
      response = challenge(services, refusal.text, is_bearer);
      break;
  }
  response.closes = !refusal.farewell.empty();
  return response;
}

// What was proven on this connection by the very same header.
std::optional<Granted> still_proven(const Services& services, directory::Protocol protocol, const Proven& proven,
                                    const Authorization& given) {
  if (given.scheme == Authorization::Scheme::basic) {
    auto known = services.directory.recognize(given.user, given.secret, protocol);
    if (!known || known->id != proven.principal) return std::nullopt;
    return Granted{*std::move(known), proven.method};
  }
  if (std::chrono::steady_clock::now() >= proven.until || !services.directory.may_use(proven.principal, protocol))
    return std::nullopt;
  auto principal = services.directory.principal(proven.principal);
  if (!principal) return std::nullopt;
  return Granted{*std::move(principal), proven.method};
}

// A token names nobody before it was checked, but a bad one that comes again and again is to be slowed down.
std::string counted_as(const Authorization& given) {
  if (given.scheme == Authorization::Scheme::basic) return given.user;
  return "token " + to_hex(sha256(given.secret).substr(0, 8));
}

Task<Verdict> prove(const Services& services, directory::Protocol protocol, net::HttpVisit& visit, Proven& proven,
                    const Authorization& given) {
  const bool is_basic = given.scheme == Authorization::Scheme::basic;
  const std::string user = counted_as(given);
  if (is_basic && !services.limits.suspects(visit.stream.peer(), user)) {
    auto known = services.directory.recognize(given.user, given.secret, protocol);
    if (known) co_return Granted{*std::move(known), "BASIC"};
  }
  const Attempt::Check check = [&] {
    if (is_basic) return services.directory.authenticate(given.user, given.secret, protocol);
    return token_owner({services.directory, protocol, services.tokens}, given.secret);
  };
  Attempt attempt(services, protocol, visit.stream, proven.failures);
  auto verdict = co_await attempt.decide(user, is_basic ? "BASIC" : "BEARER", check);
  co_return verdict;
}

}  // namespace

Task<HttpVerdict> HttpLogin::admit(const net::HttpRequest& request) const {
  net::HttpVisit& visit = *request.visit;
  const std::string_view header = request.header("authorization");
  Proven& proven = proven_by(visit);
  Attempt attempt(services_, protocol_, visit.stream, proven.failures);
  if (!may_send_secret(visit.stream, plain_)) {
    if (!header.empty()) attempt.log("login.failed", "", "in the clear");
    co_return std::unexpected(refusing(403, "passwords travel only over TLS here"));
  }
  if (header.empty()) co_return std::unexpected(challenge(services_, "a login is needed"));
  const auto given = wire::http::parse_authorization(header);
  const bool is_bearer = given && given->scheme == Authorization::Scheme::bearer;
  if (!given || (is_bearer && services_.tokens == nullptr)) {
    attempt.log("login.failed", "", "unknown");
    co_return std::unexpected(challenge(services_, "this is no login that is known here"));
  }
  const std::string digest = sha256(header);
  if (proven.header == digest) {
    auto granted = still_proven(services_, protocol_, proven, *given);
    if (granted) {
      visit.user = granted->principal.primary_address();
      co_return *std::move(granted);
    }
  }
  auto verdict = co_await prove(services_, protocol_, visit, proven, *given);
  if (!verdict) co_return std::unexpected(to_response(services_, verdict.error(), is_bearer));
  proven.place = {};
  proven.header.clear();
  proven.place = services_.limits.user(verdict->principal.primary_address());
  if (!proven.place) {
    attempt.log("login.refused", verdict->principal.primary_address(), verdict->method);
    co_return std::unexpected(try_later(429, "too many connections of this user", "30"));
  }
  proven.header = digest;
  proven.principal = verdict->principal.id;
  proven.method = verdict->method;
  proven.until = std::chrono::steady_clock::now() + kTokenLifetime;
  visit.user = verdict->principal.primary_address();
  attempt.log("login.ok", visit.user, verdict->method);
  co_return *std::move(verdict);
}

}  // namespace kontor::login
