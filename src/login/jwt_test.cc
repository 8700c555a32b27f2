// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/jwt.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "login/introspection.h"

namespace kontor::login {
namespace {

// RFC 7515 appendices A.1 to A.3: {"iss":"joe", "exp":1300819380, "http://example.com/is_root":true}
constexpr const char* kPayload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
constexpr const char* kSecretJwk =
    R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})";
constexpr const char* kRsaJwk =
    R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})";
constexpr const char* kEcJwk =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";

std::string hs256() {
  return std::string("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.") + kPayload +
         ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
}
std::string rs256() {
  return std::string("eyJhbGciOiJSUzI1NiJ9.") + kPayload +
         ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
         "O8W2Fp5jujGbds9uJdbF9CUAr7t"
         "1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--"
         "xi12jzD"
         "wusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_"
         "IoypGlUPQGe77"
         "Rw";
}
std::string es256() {
  return std::string("eyJhbGciOiJFUzI1NiJ9.") + kPayload +
         ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
}

const JwtRules kRules{"joe", "", "iss"};
const Instant kThen{std::chrono::seconds(1300819300)};

std::string url_base64(std::string_view text) {
  std::string out = to_base64(text);
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

// Signed with a secret of 32 "k".
std::string made(const std::string& header, const std::string& claims) {
  const std::string text = url_base64(header) + "." + url_base64(claims);
  return text + "." + url_base64(hmac_sha256(std::string(32, 'k'), text));
}

TEST(Jwt, TakesTheRfcsExamples) {
  for (const auto& [key, token] :
       {std::pair(kSecretJwk, hs256()), std::pair(kRsaJwk, rs256()), std::pair(kEcJwk, es256())}) {
    const auto keys = JwtKey::from_jwk(key);
    ASSERT_TRUE(keys) << keys.error().text;
    const auto user = check_jwt(token, *keys, kRules, kThen);
    ASSERT_TRUE(user) << user.error().text;
    EXPECT_EQ(*user, "joe");
    std::string forged = token;
    forged[token.find('.') + 10] ^= 1;
    EXPECT_FALSE(check_jwt(forged, *keys, kRules, kThen));
    EXPECT_FALSE(check_jwt(token.substr(0, token.size() - 4), *keys, kRules, kThen));
    EXPECT_FALSE(check_jwt(token, *keys, kRules, kThen + std::chrono::hours(1))) << "it has expired";
    EXPECT_FALSE(check_jwt(token, *keys, {"jim", "", "iss"}, kThen)) << "another issuer";
    EXPECT_FALSE(check_jwt(token, *keys, {"joe", "us", "iss"}, kThen)) << "no audience";
    EXPECT_FALSE(check_jwt(token, *keys, {"joe", "", "email"}, kThen)) << "no such claim";
  }
}

TEST(Jwt, TheKeyDecidesTheAlgorithm) {
  const auto rsa = JwtKey::from_jwk(kRsaJwk).value();
  // The classic forgery: the public key taken for a secret, or no signature at all.
  EXPECT_FALSE(check_jwt(hs256(), rsa, kRules, kThen));
  const std::string unsigned_one = url_base64(R"({"alg":"none"})") + "." + kPayload + ".";
  EXPECT_FALSE(check_jwt(unsigned_one, rsa, kRules, kThen));
  EXPECT_FALSE(check_jwt(unsigned_one, {}, kRules, kThen));
}

TEST(Jwt, LooksAtEveryClaim) {
  const auto keys = JwtKey::from_secret(std::string(32, 'k')).value();
  const JwtRules rules{"https://id.example", "kontor", "email"};
  const auto accepts = [&](const std::string& claims, const std::string& header = R"({"alg":"HS256"})") {
    return check_jwt(made(header, claims), keys, rules, kThen).has_value();
  };
  const std::string good = R"("iss":"https://id.example","exp":1300819380,"email":"ada@example.org")";
  EXPECT_TRUE(accepts("{" + good + R"(,"aud":"kontor"})"));
  EXPECT_TRUE(accepts("{" + good + R"(,"aud":["x","kontor"]})"));
  EXPECT_FALSE(accepts("{" + good + R"(,"aud":["x"]})"));
  EXPECT_FALSE(accepts("{" + good + R"(,"aud":7})"));
  EXPECT_FALSE(accepts("{" + good + R"(,"aud":"kontor","nbf":1300900000})"));
  EXPECT_TRUE(accepts("{" + good + R"(,"aud":"kontor","nbf":1300819310})")) << "clocks may differ by a minute";
  EXPECT_FALSE(accepts(R"({"iss":"https://id.example","email":"ada@example.org","aud":"kontor"})")) << "no expiry";
  EXPECT_FALSE(accepts("{" + good + R"(,"aud":"kontor"})", R"({"alg":"HS256","crit":["x"]})"));
  EXPECT_FALSE(accepts("[]"));
  EXPECT_FALSE(accepts("{" + good + R"(,"aud":"kontor"})", "x"));
  for (const char* text : {"", ".", "..", "a.b.c", "e30.e30.", "e30.e30.AA", "....."})
    EXPECT_FALSE(check_jwt(text, keys, rules, kThen)) << text;
}

TEST(Jwt, KeysMustBeStrongAndKnown) {
  EXPECT_FALSE(JwtKey::from_secret("short"));
  EXPECT_FALSE(JwtKey::from_jwk("{}"));
  EXPECT_FALSE(JwtKey::from_jwk(R"({"keys":[]})"));
  EXPECT_FALSE(JwtKey::from_jwk(R"({"kty":"RSA","n":"AQAB","e":"AQAB"})")) << "far too short";
  EXPECT_FALSE(JwtKey::from_jwk("nonsense"));
  EXPECT_FALSE(JwtKey::from_pem("nonsense"));
  const auto set = JwtKey::from_jwk(std::string(R"({"keys":[{"kty":"OKP"},)") + kRsaJwk + "," + kEcJwk + "]}");
  ASSERT_TRUE(set);
  EXPECT_EQ(set->size(), 2U) << "kinds that are not used here are passed over";
}

TEST(Introspection, ReadsAnswers) {
  OauthOptions options;
  options.user_claim = "username";
  const auto read = [&](const char* text) { return read_introspection(text, options, kThen); };
  EXPECT_EQ(read(R"({"active":true,"username":"ada@example.org"})").value(), "ada@example.org");
  EXPECT_EQ(read(R"({"active":false})").error().code, Errc::denied);
  EXPECT_EQ(read(R"({"active":true})").error().code, Errc::denied);
  EXPECT_EQ(read(R"({"active":true,"username":"a","exp":1})").error().code, Errc::denied);
  for (const char* bad : {"", "[]", "{}", R"({"active":"yes"})", "<html>"})
    EXPECT_EQ(read(bad).error().code, Errc::unavailable) << bad;
  options.audience = "kontor";
  EXPECT_FALSE(read(R"({"active":true,"username":"a"})"));
  EXPECT_TRUE(read(R"({"active":true,"username":"a","aud":["kontor"]})"));
}

}  // namespace
}  // namespace kontor::login
