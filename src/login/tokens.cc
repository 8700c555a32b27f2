// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/tokens.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "base/log.h"
#include "login/introspection.h"
#include "login/jwt.h"

namespace kontor::login {
namespace {

using namespace std::chrono_literals;

Result<std::string> read_key_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Errc::invalid, fmt::format("{} cannot be read", path));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

Result<std::vector<JwtKey>> read_keys(const std::string& path) {
  TRY(std::string text, read_key_file(path));
  auto keys = path.ends_with(".json")     ? JwtKey::from_jwk(text)
              : path.ends_with(".secret") ? JwtKey::from_secret(without_line_end(std::move(text)))
                                          : JwtKey::from_pem(text);
  if (!keys) return fail(Errc::invalid, fmt::format("{}: {}", path, keys.error().text));
  return keys;
}

// Of a token that looks like a JWT the keys decide where there are any; all else is asked for.
class CheckedTokens final : public Tokens {
 public:
  CheckedTokens(const OauthOptions& options, const Clock& clock, std::vector<JwtKey> keys, std::string secret)
      : options_(options),
        clock_(clock),
        keys_(std::move(keys)),
        secret_(std::move(secret)),
        rules_{options.issuer, options.audience, options.user_claim} {}

  Result<std::string> user_of(std::string_view token) const override {
    auto user = keys_.empty() || (!options_.introspection_url.empty() && !token.contains('.'))
                    ? introspect(options_, secret_, token, clock_.now())
                    : check_jwt(token, keys_, rules_, clock_.now());
    if (user) return user;
    log::info("login.token_refused", {{"why", user.error().text}});
    // Why is for the log: a stranger is told no more than with a wrong password.
    if (user.error().code == Errc::denied)
      return fail(Errc::denied, "the token is not valid, or this login is not allowed");
    return user;
  }

 private:
  OauthOptions options_;
  const Clock& clock_;
  std::vector<JwtKey> keys_;
  std::string secret_;
  JwtRules rules_;
};

}  // namespace

Result<std::unique_ptr<Tokens>> Tokens::make(const OauthOptions& options, const Clock& clock) {
  std::vector<JwtKey> keys;
  for (const std::string& path : options.keys) {
    TRY(auto some, read_keys(path));
    for (JwtKey& key : some) keys.push_back(std::move(key));
  }
  if (!keys.empty() && options.issuer.empty())
    return fail(Errc::invalid, "oauth.issuer must be set where oauth.keys are");
  std::string secret;
  if (!options.client_secret_file.empty()) {
    TRY(secret, read_key_file(options.client_secret_file));
    secret = without_line_end(std::move(secret));
  }
  return std::make_unique<CheckedTokens>(options, clock, std::move(keys), std::move(secret));
}

void declare(config::Schema& schema, OauthOptions& into) {
  schema.list("oauth.keys", into.keys, "file",
              {"Keys that sign the tokens (JWT) of an identity provider: public keys in PEM (RS256, ES256), JWK sets "
               "(`*.json`), or the bytes of a shared secret (`*.secret`, HS256). With keys or an introspection URL, "
               "OAUTHBEARER and XOAUTH2 are offered."});
  schema.text("oauth.issuer", into.issuer, {"The issuer (`iss`) that a token must name. Needed with `oauth.keys`."});
  schema.text("oauth.audience", into.audience,
              {"The audience (`aud`) that a token must be meant for. Set it where the provider serves others too: "
               "without it, a token made for any of them logs in here."});
  schema.text("oauth.user_claim", into.user_claim,
              {"The claim that names the user by one of the user's addresses here. It must be one that users cannot "
               "choose for themselves."});
  schema.text("oauth.introspection_url", into.introspection_url,
              {"Where to ask whose a token is (RFC 7662), if it cannot be told by `oauth.keys`."});
  schema.text("oauth.client_id", into.client_id, {"Our name there, for HTTP Basic."});
  schema.text("oauth.client_secret_file", into.client_secret_file, {"The file with our secret there."});
  schema.text("oauth.authorities", into.authorities,
              {"A PEM file of those that vouch for the provider's certificate. Empty: those of the system."});
  schema.duration("oauth.timeout", into.timeout, {1s, 1min}, {"How long the provider may take."});
}

}  // namespace kontor::login
