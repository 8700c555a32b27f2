// SPDX-License-Identifier: AGPL-3.0-or-later
// Whose a bearer token is: a JWT checked by keys that are here (RFC 7519), or any token by asking the identity provider
// (RFC 7662).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "base/time.h"

namespace kontor::login {

struct OauthOptions {
  std::vector<std::string> keys;  // files: PEM public keys or certificates' keys, JWK sets (*.json), secrets (*.secret)
  std::string issuer;             // a JWT's "iss" must be this
  std::string audience;           // its "aud" must have this; empty = not looked at
  std::string user_claim = "email";
  std::string introspection_url;  // https://...
  std::string client_id;          // for introspection, by HTTP Basic
  std::string client_secret_file;
  std::string authorities;  // a PEM file for the provider's certificate; empty = the system's
  std::chrono::seconds timeout{5};

  bool is_configured() const { return !keys.empty() || !introspection_url.empty(); }
};

void declare(config::Schema& schema, OauthOptions& into);

// Thread-safe.
class Tokens {
 public:
  // Reads the keys. Errors: invalid (which file or option, and why). `clock` must outlive it.
  static Result<std::unique_ptr<Tokens>> make(const OauthOptions& options, const Clock& clock);
  virtual ~Tokens() = default;

  // The owner's login name. Blocks while a provider is asked. Errors: denied (not valid, for whatever reason: the log
  // has it), unavailable (the provider does not answer).
  virtual Result<std::string> user_of(std::string_view token) const = 0;
};

}  // namespace kontor::login
