// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/push/subscription_json.h"

#include <gtest/gtest.h>

namespace kontor::push {
namespace {

// RFC 8291 appendix A.
const std::string kKeys =
    R"("keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",)"
    R"("auth":"BTBZMqHH6r4Tts7J_aSIgg"})";
const std::string kUrl = R"("deviceClientId":"a889-ffea-910","url":"https://example.com/push/?device=X8980fc")";

TEST(PushJson, ReadsSubscriptions) {
  const auto read =
      read_new("{" + kUrl + "," + kKeys + R"(,"expires":"2018-07-31T00:13:21Z","types":["CalendarAlert"]})");
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->device, "a889-ffea-910");
  EXPECT_EQ(read->key.size(), 65u);
  EXPECT_EQ(read->secret.size(), 16u);
  EXPECT_EQ(read->expires, Instant(std::chrono::seconds(1'532'996'001)));
  EXPECT_EQ(read->types, std::vector<std::string>{"CalendarAlert"});
  const auto plain = read_new("{" + kUrl + "," + kKeys + R"(,"types":null,"expires":null})");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->types);
  EXPECT_FALSE(plain->expires);
}

TEST(PushJson, RefusesWhatIsNone) {
  struct Case {
    std::string text;
    const char* why;
  };
  const std::vector<Case> cases = {
      {"", "nothing"},
      {"[]", "a list"},
      {"{", "half of one"},
      {"{" + kUrl + "}", "no keys"},
      {"{" + kUrl + R"(,"keys":{"p256dh":"AA","auth":"BTBZMqHH6r4Tts7J_aSIgg"}})", "a short key"},
      {"{" + kUrl + R"(,"keys":{"p256dh":7,"auth":"x"}})", "a number"},
      {R"({"deviceClientId":"a","url":"http://example.com/",)" + kKeys + "}", "no TLS"},
      {R"({"url":"https://example.com/",)" + kKeys + "}", "no device"},
      {"{" + kUrl + "," + kKeys + R"(,"expires":"tomorrow"})", "no date"},
      {"{" + kUrl + "," + kKeys + R"(,"expires":"2018-02-30T00:00:00Z"})", "no day"},
      {"{" + kUrl + "," + kKeys + R"(,"expires":"2018-07-31T00:13:21+01:00"})", "another zone"},
      {"{" + kUrl + "," + kKeys + R"(,"types":"Email"})", "a text"},
      {"{" + kUrl + "," + kKeys + R"(,"id":"P1"})", "what only the server sets"},
      {std::string(20, '[') + std::string(20, ']'), "too deep"},
  };
  for (const Case& one : cases) EXPECT_FALSE(read_new(one.text)) << one.why;
  EXPECT_EQ(read_new(std::string(kLargestRequest + 1, ' ')).error().code, Errc::too_large);
}

TEST(PushJson, ReadsChanges) {
  const auto verified = read_change(R"({"verificationCode":"b210"})");
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->code, "b210");
  EXPECT_FALSE(verified->changes_expiry || verified->changes_types);
  const auto longer = read_change(R"({"expires":null,"types":[]})");
  ASSERT_TRUE(longer);
  EXPECT_TRUE(longer->changes_expiry && !longer->expires);
  EXPECT_TRUE(longer->changes_types && longer->types && longer->types->empty());
  for (const char* text : {R"({"url":"https://example.org/"})", R"({"verificationCode":null})", "7"})
    EXPECT_FALSE(read_change(text)) << text;
}

TEST(PushJson, ShowsNeitherUrlNorKeys) {
  groupware::PushSubscription one;
  one.id = "P1";
  one.device = "phone";
  one.url = "https://secret.example.com/";
  one.code = "c";
  one.expires = Instant(std::chrono::seconds(1'532'996'001));
  EXPECT_EQ(
      print(one),
      R"({"id":"P1","deviceClientId":"phone","verificationCode":null,"expires":"2018-07-31T00:13:21Z","types":null})");
  one.verified = Instant();
  one.types = {"Email"};
  EXPECT_EQ(
      print(std::vector{one}),
      R"({"list":[{"id":"P1","deviceClientId":"phone","verificationCode":"c","expires":"2018-07-31T00:13:21Z","types":["Email"]}]})");
}

}  // namespace
}  // namespace kontor::push
