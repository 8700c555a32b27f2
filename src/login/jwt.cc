// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/jwt.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "base/bytes.h"
#include "base/digest.h"

namespace kontor::login {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestToken = 16 << 10;
constexpr std::size_t kEs256Half = 32;
constexpr int kLeastRsaBits = 2048;
constexpr std::size_t kLeastSecret = 32;
constexpr std::chrono::seconds kLeeway{60};  // clocks differ

struct Free {
  void operator()(EVP_MD_CTX* it) const { EVP_MD_CTX_free(it); }
  void operator()(EVP_PKEY_CTX* it) const { EVP_PKEY_CTX_free(it); }
  void operator()(OSSL_DECODER_CTX* it) const { OSSL_DECODER_CTX_free(it); }
  void operator()(OSSL_PARAM_BLD* it) const { OSSL_PARAM_BLD_free(it); }
  void operator()(OSSL_PARAM* it) const { OSSL_PARAM_free(it); }
  void operator()(ECDSA_SIG* it) const { ECDSA_SIG_free(it); }
  void operator()(BIGNUM* it) const { BN_free(it); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// RFC 7515 section 2: the URL's alphabet, no padding.
std::optional<std::string> from_base64url(std::string_view text) {
  std::string plain(text);
  for (char& c : plain) {
    if (c == '+' || c == '/' || c == '=') return std::nullopt;
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  return from_base64(plain);
}

std::optional<json::object> parse_object(std::string_view text) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 16;
  json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains({name.data(), name.size()});
  return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

std::optional<double> number_at(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains({name.data(), name.size()});
  if (!found || !found->is_number()) return std::nullopt;
  return found->to_number<double>();
}

std::shared_ptr<EVP_PKEY> from_params(const char* type, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  const bool is_made = params && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                       EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
  if (!is_made) return nullptr;
  return {key, &EVP_PKEY_free};
}

// RFC 7518 section 6.3.1.
std::shared_ptr<EVP_PKEY> rsa_key(const json::object& jwk) {
  const auto modulus = from_base64url(text_at(jwk, "n"));
  const auto exponent = from_base64url(text_at(jwk, "e"));
  if (!modulus || !exponent || modulus->empty() || exponent->empty()) return nullptr;
  const Owned<BIGNUM> n(BN_bin2bn(bytes(*modulus), static_cast<int>(modulus->size()), nullptr));
  const Owned<BIGNUM> e(BN_bin2bn(bytes(*exponent), static_cast<int>(exponent->size()), nullptr));
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return from_params("RSA", builder.get());
}

// RFC 7518 section 6.2.1.
std::shared_ptr<EVP_PKEY> ec_key(const json::object& jwk) {
  const auto x = from_base64url(text_at(jwk, "x"));
  const auto y = from_base64url(text_at(jwk, "y"));
  if (text_at(jwk, "crv") != "P-256" || !x || !y || x->size() != kEs256Half || y->size() != kEs256Half) return nullptr;
  const std::string point = "\x04" + *x + *y;
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  return from_params("EC", builder.get());
}

bool is_p256(const EVP_PKEY* key) {
  char group[64] = {};
  std::size_t size = 0;
  return EVP_PKEY_get_group_name(const_cast<EVP_PKEY*>(key), group, sizeof group, &size) == 1 &&
         std::string_view(group) == "prime256v1";
}

Result<JwtKey::Kind> kind_of(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    if (EVP_PKEY_get_bits(key) < kLeastRsaBits) return fail(Errc::invalid, "the RSA key has less than 2048 bits");
    return JwtKey::Kind::rs256;
  }
  if (EVP_PKEY_is_a(key, "EC") == 1 && is_p256(key)) return JwtKey::Kind::es256;
  return fail(Errc::invalid, "the key is neither RSA nor EC on P-256");
}

// RFC 7518 section 3.4: R and S of 32 bytes each; OpenSSL wants them in DER.
std::string es256_to_der(std::string_view signature) {
  if (signature.size() != 2 * kEs256Half) return {};
  const Owned<ECDSA_SIG> parts(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes(signature), kEs256Half, nullptr);
  BIGNUM* s = BN_bin2bn(bytes(signature.substr(kEs256Half)), kEs256Half, nullptr);
  if (!parts || ECDSA_SIG_set0(parts.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  std::string out(reinterpret_cast<char*>(der), size > 0 ? static_cast<std::size_t>(size) : 0);
  OPENSSL_free(der);
  return out;
}

std::string_view algorithm(JwtKey::Kind kind) {
  switch (kind) {
    case JwtKey::Kind::rs256:
      return "RS256";
    case JwtKey::Kind::es256:
      return "ES256";
    case JwtKey::Kind::hs256:
      return "HS256";
  }
  return {};
}

// "aud" is one text or a list (RFC 7519 section 4.1.3).
bool has_audience(const json::object& claims, std::string_view wanted) {
  const json::value* found = claims.if_contains("aud");
  if (!found) return false;
  const auto is = [&](const json::value& one) {
    return one.is_string() && std::string_view(one.as_string()) == wanted;
  };
  return found->is_array() ? std::ranges::any_of(found->as_array(), is) : is(*found);
}

Result<void> check_claims(const json::object& claims, const JwtRules& rules, Instant now) {
  const auto seconds = static_cast<double>(now.time_since_epoch().count());
  const auto leeway = static_cast<double>(kLeeway.count());
  const auto expires = number_at(claims, "exp");
  if (!expires) return fail(Errc::denied, "the token has no time of expiry");
  if (seconds > *expires + leeway) return fail(Errc::denied, "the token has expired");
  if (const auto begins = number_at(claims, "nbf"); begins && seconds + leeway < *begins)
    return fail(Errc::denied, "the token is not valid yet");
  if (text_at(claims, "iss") != rules.issuer) return fail(Errc::denied, "the token is of another issuer");
  if (!rules.audience.empty() && !has_audience(claims, rules.audience))
    return fail(Errc::denied, "the token is meant for somebody else");
  return {};
}

}  // namespace

Result<std::vector<JwtKey>> JwtKey::from_pem(const std::string& text) {
  EVP_PKEY* raw = nullptr;
  const Owned<OSSL_DECODER_CTX> decoder(
      OSSL_DECODER_CTX_new_for_pkey(&raw, "PEM", nullptr, nullptr, EVP_PKEY_PUBLIC_KEY, nullptr, nullptr));
  const unsigned char* at = bytes(text);
  std::size_t left = text.size();
  if (!decoder || OSSL_DECODER_from_data(decoder.get(), &at, &left) != 1 || raw == nullptr)
    return fail(Errc::invalid, "there is no public key in PEM form");
  std::shared_ptr<EVP_PKEY> key(raw, &EVP_PKEY_free);
  TRY(const Kind kind, kind_of(key.get()));
  return std::vector<JwtKey>{JwtKey(kind, {}, std::move(key))};
}

Result<std::vector<JwtKey>> JwtKey::from_jwk(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return fail(Errc::invalid, "there is no JSON object");
  std::vector<JwtKey> out;
  const auto add = [&](const json::object& jwk) -> Result<void> {
    if (const std::string use = text_at(jwk, "use"); !use.empty() && use != "sig") return {};
    const std::string type = text_at(jwk, "kty");
    if (type == "oct") {
      const auto secret = from_base64url(text_at(jwk, "k"));
      if (!secret) return fail(Errc::invalid, "the secret in a JWK is not base64");
      TRY(auto keys, from_secret(*secret));
      keys.front().id_ = text_at(jwk, "kid");
      out.push_back(std::move(keys.front()));
      return {};
    }
    const auto key = type == "RSA" ? rsa_key(jwk) : type == "EC" ? ec_key(jwk) : nullptr;
    if (!key) return {};  // of a kind that is not used here: sets of providers have all sorts
    if (const auto kind = kind_of(key.get())) out.push_back(JwtKey(*kind, text_at(jwk, "kid"), key));
    return {};
  };
  const json::value* set = object->if_contains("keys");
  if (set && set->is_array()) {
    for (const json::value& one : set->as_array())
      if (one.is_object()) TRY_VOID(add(one.as_object()));
  } else {
    TRY_VOID(add(*object));
  }
  if (out.empty()) return fail(Errc::invalid, "there is no key for RS256, ES256 or HS256 in it");
  return out;
}

Result<std::vector<JwtKey>> JwtKey::from_secret(std::string secret) {
  if (secret.size() < kLeastSecret) return fail(Errc::invalid, "the secret has less than 32 bytes");
  return std::vector<JwtKey>{JwtKey(Kind::hs256, {}, nullptr, std::move(secret))};
}

bool JwtKey::verifies(std::string_view text, std::string_view signature) const {
  if (kind_ == Kind::hs256) return equal_constant_time(hmac_sha256(secret_, text), signature);
  const std::string der = kind_ == Kind::es256 ? es256_to_der(signature) : std::string(signature);
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  return !der.empty() && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, static_cast<EVP_PKEY*>(key_.get())) == 1 &&
         EVP_DigestVerify(context.get(), bytes(der), der.size(), bytes(text), text.size()) == 1;
}

Result<std::string> check_jwt(std::string_view token, const std::vector<JwtKey>& keys, const JwtRules& rules,
                              Instant now) {
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.size() > kLongestToken)
    return fail(Errc::denied, "the token is no JWT");
  const auto header_text = from_base64url(token.substr(0, first));
  const auto claims_text = from_base64url(token.substr(first + 1, second - first - 1));
  const auto signature = from_base64url(token.substr(second + 1));
  const auto header = header_text ? parse_object(*header_text) : std::nullopt;
  if (!header || !claims_text || !signature) return fail(Errc::denied, "the token is no JWT");
  // RFC 7515 section 4.1.11: extensions that must be understood are not.
  if (header->contains("crit")) return fail(Errc::denied, "the token has an extension that is not known here");
  const std::string wanted = text_at(*header, "alg");
  const std::string id = text_at(*header, "kid");
  const bool is_signed = std::ranges::any_of(keys, [&](const JwtKey& key) {
    const bool may_be = algorithm(key.kind()) == wanted && (id.empty() || key.id().empty() || key.id() == id);
    return may_be && key.verifies(token.substr(0, second), *signature);
  });
  if (!is_signed) return fail(Errc::denied, "no key here has signed the token");
  const auto claims = parse_object(*claims_text);
  if (!claims) return fail(Errc::denied, "the token's claims are no JSON object");
  TRY_VOID(check_claims(*claims, rules, now));
  std::string user = text_at(*claims, rules.user_claim);
  if (user.empty()) return fail(Errc::denied, fmt::format("the token has no claim \"{}\"", rules.user_claim));
  return user;
}

}  // namespace kontor::login
