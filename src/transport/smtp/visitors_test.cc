// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/visitors.h"

#include <gtest/gtest.h>

#include <vector>

#include "transport/smtp/message.h"

namespace kontor::transport {
namespace {

net::IpAddress visitor_at(const char* text) { return net::parse_ip(text).value(); }

TEST(Visitors, AtOnceFromOneAddress) {
  Visitors visitors(2, 100);
  auto one = visitors.enter(visitor_at("192.0.2.1")), two = visitors.enter(visitor_at("192.0.2.1"));
  EXPECT_TRUE(one && two);
  EXPECT_FALSE(visitors.enter(visitor_at("192.0.2.1")));
  EXPECT_TRUE(visitors.enter(visitor_at("192.0.2.2")));
  one = {};
  EXPECT_TRUE(visitors.enter(visitor_at("192.0.2.1"))) << "a place was given back";
}

TEST(Visitors, AnIpv6NetworkIsOne) {
  Visitors visitors(1, 100);
  auto one = visitors.enter(visitor_at("2001:db8::1"));
  EXPECT_FALSE(visitors.enter(visitor_at("2001:db8::ffff:1")));
  EXPECT_TRUE(visitors.enter(visitor_at("2001:db8:0:1::1")));
}

TEST(Visitors, PerMinute) {
  std::chrono::steady_clock::time_point now{};
  Visitors visitors(10, 3, [&] { return now; });
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(visitors.enter(visitor_at("192.0.2.1")));
  EXPECT_FALSE(visitors.enter(visitor_at("192.0.2.1")));
  now += std::chrono::seconds(21);
  EXPECT_TRUE(visitors.enter(visitor_at("192.0.2.1")));
  EXPECT_FALSE(visitors.enter(visitor_at("192.0.2.1")));
}

// Nothing is forgotten that could still count.
TEST(Visitors, CreditComesBackDuringAConnection) {
  std::chrono::steady_clock::time_point now{};
  Visitors visitors(1, 1, [&] { return now; });
  auto place = visitors.enter(visitor_at("192.0.2.1"));
  now += std::chrono::seconds(50);
  place = {};
  EXPECT_FALSE(visitors.enter(visitor_at("192.0.2.1")));
  now += std::chrono::seconds(10);
  EXPECT_TRUE(visitors.enter(visitor_at("192.0.2.1"))) << "a minute is over";
}

TEST(Visitors, MemoryIsBounded) {
  std::chrono::steady_clock::time_point now{};
  Visitors visitors(1, 1, [&] { return now; });
  net::IpAddress address = visitor_at("10.0.0.0");
  for (std::size_t i = 0; i < Visitors::kMostAddresses; ++i) {
    address.bytes[13] = static_cast<std::uint8_t>(i >> 16);
    address.bytes[14] = static_cast<std::uint8_t>(i >> 8);
    address.bytes[15] = static_cast<std::uint8_t>(i);
    ASSERT_TRUE(visitors.enter(address));
  }
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(visitors.enter(visitor_at("192.0.2.1"))) << "let in uncounted";
  now += std::chrono::minutes(2);
  EXPECT_TRUE(visitors.enter(visitor_at("192.0.2.1")));
  EXPECT_FALSE(visitors.enter(visitor_at("192.0.2.1"))) << "the others are forgotten, this one counts";
}

// A message's two parts, as they come in pieces of any size.
TEST(SmtpMessage, HeadAndBodyComeApart) {
  const std::vector<std::pair<std::string, std::size_t>> cases = {
      {"A: b\r\n\r\nbody", 8},
      {"\r\nbody", 2},
      {"A: b\r\n", 6},
      {"", 0},
      {"\r\n\r\nbody", 2},
      {"A: b\r\n\r\n\r\nbody", 8},
      {"A: b\r\nC: d\r\n\r\n", 14},
  };
  SmtpOptions options;
  for (const auto& [text, head] : cases) {
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      SmtpMessage message(options, 1000);
      message.write(std::string_view(text).substr(0, cut));
      message.write(std::string_view(text).substr(cut));
      EXPECT_FALSE(message.finish());
      EXPECT_EQ(message.head(), text.substr(0, head)) << text << ", cut at " << cut;
      std::string body;
      EXPECT_TRUE(message.each_of_body([&](std::string_view piece) -> Result<void> {
        body += piece;
        return {};
      }));
      EXPECT_EQ(body, text.substr(head)) << text << ", cut at " << cut;
    }
  }
}

TEST(SmtpMessage, ALargeBodyGoesToAFile) {
  SmtpOptions options;
  options.spool_folder = ::testing::TempDir();
  SmtpMessage message(options, 100 << 20);
  std::string wanted;
  message.write("A: b\r\n\r\n");
  for (int i = 0; i < 40; ++i) {
    const std::string piece(100'000, static_cast<char>('a' + i % 26));
    message.write(piece);
    wanted += piece;
  }
  ASSERT_FALSE(message.finish());
  for (int i = 0; i < 2; ++i) {
    std::string body;
    EXPECT_TRUE(message.each_of_body([&](std::string_view piece) -> Result<void> {
      body += piece;
      return {};
    }));
    EXPECT_TRUE(body == wanted);
  }
}

TEST(SmtpMessage, NoRoomIsTemporary) {
  SmtpOptions options;
  options.spool_folder = "/nowhere";
  SmtpMessage message(options, 100 << 20);
  message.write("\r\n" + std::string(1 << 20, 'x'));
  auto fault = message.finish();
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->code, 452);
}

}  // namespace
}  // namespace kontor::transport
