// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/bytes.h"
#include "store/memory.h"
#include "transport/push/ec_key.h"
#include "transport/push/encryption.h"
#include "transport/push/push_client.h"
#include "transport/push/vapid.h"

namespace kontor::transport {
namespace {

std::string of_base64url(std::string text) {
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  return from_base64(text).value();
}

// RFC 8291 section 5 and appendix A.
const std::string kWatermelon = "When I grow up, I want to be a watermelon";
const std::string kDevice =
    of_base64url("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
const std::string kSecret = of_base64url("BTBZMqHH6r4Tts7J_aSIgg");
PushChoice example_choice() {
  return {of_base64url("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), of_base64url("DGv6ra1nlYgDCS1FRnbzlw")};
}

TEST(PushEncryption, AgreesWithTheStandardsExample) {
  const auto body = encrypt_push(kDevice, kSecret, kWatermelon, 0, example_choice());
  ASSERT_TRUE(body) << body.error().text;
  EXPECT_EQ(to_base64url(*body),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6P"
            "Bru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN");
}

TEST(PushEncryption, HasBounds) {
  const PushChoice choice = random_push_choice().value();
  EXPECT_NE(choice.private_key, random_push_choice()->private_key);
  EXPECT_EQ(encrypt_push(kDevice, kSecret, std::string(3993, 'x'), 0, choice)->size(), 4096u);
  EXPECT_EQ(encrypt_push(kDevice, kSecret, kWatermelon, 256, choice)->size(), 86 + kWatermelon.size() + 256 + 17);
  EXPECT_EQ(encrypt_push(kDevice, kSecret, std::string(3993, 'x'), 1, choice).error().code, Errc::too_large);
  std::string other = kDevice;
  other.back() ^= 1;
  EXPECT_EQ(encrypt_push(other, kSecret, "x", 0, choice).error().code, Errc::invalid) << "not on the curve";
  EXPECT_EQ(encrypt_push("", kSecret, "x", 0, choice).error().code, Errc::invalid);
}

TEST(Vapid, SignsForOneServiceWithAKeyThatStays) {
  const auto engine = store::open_memory();
  const Instant now(std::chrono::seconds(1'700'000'000));
  const auto vapid = Vapid::open(*engine, "mailto:postmaster@example.org").value();
  EXPECT_EQ(Vapid::open(*engine, "")->get()->public_key(), vapid->public_key());
  const std::string value = vapid->authorization("https://push.example.net", now).value();
  EXPECT_EQ(vapid->authorization("https://push.example.net", now + std::chrono::hours(5)).value(), value);
  EXPECT_NE(vapid->authorization("https://push.example.net", now + std::chrono::hours(7)).value(), value);
  EXPECT_NE(vapid->authorization("https://other.example.net", now).value(), value);
  ASSERT_TRUE(value.starts_with("vapid t="));
  const auto comma = value.find(", k=");
  ASSERT_NE(comma, std::string::npos);
  EXPECT_EQ(value.substr(comma + 4), vapid->public_key());
  const std::string token = value.substr(8, comma - 8);
  const auto first = token.find('.'), second = token.rfind('.');
  const auto claims = boost::json::parse(of_base64url(token.substr(first + 1, second - first - 1))).as_object();
  EXPECT_EQ(claims.at("aud"), "https://push.example.net");
  EXPECT_EQ(claims.at("sub"), "mailto:postmaster@example.org");
  EXPECT_LE(claims.at("exp").as_int64() - now.time_since_epoch().count(), 86'400) << "a day at most";
  EXPECT_EQ(of_base64url(token.substr(second + 1)).size(), 64u);
  EXPECT_EQ(of_base64url(vapid->public_key()).size(), 65u);
}

TEST(Vapid, SaysWhenItsKeyIsDamaged) {
  const auto engine = store::open_memory();
  store::Batch batch;
  batch.put("V", "short");
  ASSERT_TRUE(engine->commit(store::Partition{0x0400'0000'0000'0002}, batch, store::Durability::durable));
  EXPECT_EQ(Vapid::open(*engine, "").error().code, Errc::corrupt);
}

TEST(Vapid, KnowsOrigins) {
  struct Case {
    std::string url, origin;
  };
  const Case cases[] = {{"https://Push.example.net/a/b?c", "https://push.example.net"},
                        {"https://push.example.net:443/a", "https://push.example.net"},
                        {"https://push.example.net:8443", "https://push.example.net:8443"},
                        {"https://[2001:db8::1]:444/x", "https://[2001:db8::1]:444"},
                        {"http://push.example.net/", ""},
                        {"https:///x", ""}};
  for (const Case& one : cases) EXPECT_EQ(origin_of(one.url).value_or(""), one.origin) << one.url;
}

TEST(PushClient, CallsNoNeighbours) {
  PushClient client({.authorities = {}, .networks = {}, .timeout = std::chrono::seconds(5)});
  for (const char* url :
       {"https://127.0.0.1:9/", "https://localhost:9/", "https://[::1]:9/", "https://10.0.0.1:9/",
        "https://192.168.1.1:9/", "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]:9/"}) {
    const auto answer = client.post({url, "x", {}});
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().code, Errc::denied) << url << ": " << answer.error().text;
  }
  EXPECT_EQ(client.post({"http://127.0.0.1:9/", "x", {}}).error().code, Errc::unavailable) << "no plain HTTP";
  PushClient allowed(
      {.authorities = {}, .networks = {net::parse_network("127.0.0.0/8").value()}, .timeout = std::chrono::seconds(5)});
  EXPECT_EQ(allowed.post({"https://127.0.0.1:9/", "x", {}}).error().code, Errc::unavailable) << "nobody is there";
}

}  // namespace
}  // namespace kontor::transport
