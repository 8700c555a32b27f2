// SPDX-License-Identifier: AGPL-3.0-or-later
// JSON Web Tokens (RFC 7519) in compact form, signed with RS256, ES256 or HS256 (RFC 7518). The key decides which of
// them may be: a token cannot choose a weaker one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace kontor::login {

class JwtKey {
 public:
  enum class Kind : std::uint8_t { rs256, es256, hs256 };

  // One PEM public key, a JWK set or single JWK (RFC 7517), or the bytes of a secret of at least 32 bytes (RFC 7518
  // section 3.2). Errors: invalid.
  static Result<std::vector<JwtKey>> from_pem(const std::string& text);
  static Result<std::vector<JwtKey>> from_jwk(std::string_view json);
  static Result<std::vector<JwtKey>> from_secret(std::string bytes);

  Kind kind() const { return kind_; }
  const std::string& id() const { return id_; }
  bool verifies(std::string_view text, std::string_view signature) const;

 private:
  JwtKey(Kind kind, std::string id, std::shared_ptr<void> key, std::string secret = {})
      : kind_(kind), id_(std::move(id)), key_(std::move(key)), secret_(std::move(secret)) {}

  Kind kind_;
  std::string id_;             // "kid"; empty if it has none
  std::shared_ptr<void> key_;  // an EVP_PKEY
  std::string secret_;
};

struct JwtRules {
  std::string issuer;
  std::string audience;
  std::string user_claim;
};

// The value of the claim that names the user. Errors: denied (what is wrong with the token, for the log). Bounded by
// the token's size; never throws on bad input.
Result<std::string> check_jwt(std::string_view token, const std::vector<JwtKey>& keys, const JwtRules& rules,
                              Instant now);

}  // namespace kontor::login
