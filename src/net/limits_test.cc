// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/limits.h"

#include <gtest/gtest.h>

#include <vector>

namespace kontor::net {
namespace {

using namespace std::chrono_literals;

Endpoint from(const char* ip) {
  Endpoint out;
  out.ip = *parse_ip(ip);
  out.port = 4711;
  return out;
}

struct SteadyHand {
  std::chrono::steady_clock::time_point now{1h};
  Limits::Now reader() {
    return [this] { return now; };
  }
};

TEST(Limits, PlacesPerAddressAndOfTheWhole) {
  LimitOptions options;
  options.connections = 4;
  options.connections_per_address = 2;
  Limits limits(options);
  auto a = limits.connection(from("192.0.2.1"));
  auto b = limits.connection(from("192.0.2.1"));
  EXPECT_TRUE(a && b);
  EXPECT_FALSE(limits.connection(from("192.0.2.1")));
  auto c = limits.connection(from("2001:db8::1"));
  auto d = limits.connection(from("2001:db8::2"));
  EXPECT_TRUE(c && d);
  EXPECT_FALSE(limits.connection(from("192.0.2.9"))) << "the whole is full";
  d = Limits::Place();
  EXPECT_FALSE(limits.connection(from("192.0.2.1")));
  auto e = limits.connection(from("2001:db8:0:0:1::3"));
  EXPECT_TRUE(e);
  e = Limits::Place();
  c = limits.connection(from("198.51.100.1"));
  EXPECT_TRUE(c) << "assigning gives the old place back";
}

TEST(Limits, AnIpv6NetworkOfOneCustomerIsOneAddress) {
  LimitOptions options;
  options.connections_per_address = 1;
  Limits limits(options);
  auto a = limits.connection(from("2001:db8::1"));
  EXPECT_FALSE(limits.connection(from("2001:db8::2")));
  EXPECT_TRUE(limits.connection(from("2001:db8:0:1::1")));
}

TEST(Limits, LocalPeersCountTowardsTheWholeOnly) {
  LimitOptions options;
  options.connections_per_address = 1;
  Limits limits(options);
  Endpoint unix_peer;
  unix_peer.is_unix = true;
  std::vector<Limits::Place> places;
  for (int i = 0; i < 10; ++i) {
    places.push_back(limits.connection(from("127.0.0.1")));
    places.push_back(limits.connection(unix_peer));
  }
  for (auto& place : places) EXPECT_TRUE(place);
}

TEST(Limits, LocalPeersComeInWhenStrangersFillTheWhole) {
  LimitOptions options;
  options.connections = 1;
  Limits limits(options);
  std::vector<Limits::Place> places;
  places.push_back(limits.connection(from("192.0.2.1")));
  for (int i = 0; i < 200; ++i) {
    places.push_back(limits.connection(from("127.0.0.1")));
    EXPECT_TRUE(places.back()) << i;
  }
  EXPECT_FALSE(limits.connection(from("127.0.0.1"))) << "bounded, too";
  places.erase(places.begin());
  EXPECT_FALSE(limits.connection(from("192.0.2.1"))) << "what is local counts towards the whole";
}

TEST(Limits, PlacesPerUser) {
  LimitOptions options;
  options.connections_per_user = 1;
  Limits limits(options);
  auto a = limits.user("ann@example.org");
  EXPECT_TRUE(a);
  EXPECT_FALSE(limits.user("ann@example.org"));
  EXPECT_TRUE(limits.user("bob@example.org"));
  {
    auto moved = std::move(a);
  }
  EXPECT_TRUE(limits.user("ann@example.org"));
}

TEST(Limits, BackOffDoublesUpToItsLongest) {
  SteadyHand hand;
  LimitOptions options;
  Limits limits(options, hand.reader());
  std::vector<std::chrono::milliseconds> delays;
  for (int i = 0; i < 10; ++i) {
    delays.push_back(limits.before_login(from("192.0.2.1"), "ann").delay);
    limits.after_login(from("192.0.2.1"), "ann", false);
  }
  EXPECT_EQ(delays, (std::vector<std::chrono::milliseconds>{0s, 0s, 0s, 1s, 2s, 4s, 8s, 16s, 30s, 30s}));
  EXPECT_EQ(limits.before_login(from("192.0.2.1"), "bob").delay, 30s) << "the address failed";
  EXPECT_EQ(limits.before_login(from("192.0.2.2"), "ann").delay, 30s) << "the user failed";
  EXPECT_EQ(limits.before_login(from("192.0.2.2"), "bob").delay, 0s);
  hand.now += options.failure_memory;
  EXPECT_EQ(limits.before_login(from("192.0.2.1"), "ann").delay, 0s) << "forgotten";
}

TEST(Limits, AttemptsAtOnceWaitLikeOneAfterTheOther) {
  SteadyHand hand;
  Limits limits({}, hand.reader());
  Endpoint peer = from("192.0.2.1");
  for (int i = 0; i < 3; ++i) limits.after_login(peer, "guess" + std::to_string(i), false);
  std::vector<Limits::Verdict> waiting;
  for (auto expected : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    waiting.push_back(limits.before_login(peer, "x" + std::to_string(waiting.size())));
    EXPECT_EQ(waiting.back().delay, expected);
  }
  for (int i = 0; i < 100; ++i) waiting.push_back(limits.before_login(peer, "y"));
  EXPECT_FALSE(waiting.back().refused) << "nobody knows yet whether these fail";
  EXPECT_FALSE(limits.refuses(peer));
  waiting.clear();
  EXPECT_EQ(limits.before_login(peer, "ann").delay, 1s) << "what was given up has guessed nothing";
  for (int i = 0; i < 47; ++i) limits.after_login(peer, "guess" + std::to_string(i), false);
  EXPECT_TRUE(limits.refuses(peer));
  EXPECT_FALSE(limits.refuses(from("192.0.2.2")));
  EXPECT_FALSE(limits.refuses(from("127.0.0.1")));
}

TEST(Limits, WhoeverDidNotFailMayComeWithManyAtOnce) {
  Limits limits({});
  std::vector<Limits::Verdict> waiting;
  for (int i = 0; i < 200; ++i) waiting.push_back(limits.before_login(from("192.0.2.1"), "ann"));
  EXPECT_EQ(waiting.back().delay, 0s);
}

TEST(Limits, PasswordsAreHashedInAQuarterOfTheWorkers) {
  Limits limits({});
  struct Case {
    std::size_t workers;
    std::size_t places;
  } cases[] = {{0, 1}, {1, 1}, {4, 1}, {8, 2}, {64, 16}};
  for (const Case& c : cases) {
    std::vector<Limits::Place> places;
    for (;;) {
      places.push_back(limits.hash_place(c.workers));
      if (!places.back()) break;
    }
    EXPECT_EQ(places.size() - 1, c.places) << c.workers;
  }
}

TEST(Limits, AnAddressThatFailsTooOftenIsRefused) {
  SteadyHand hand;
  Limits limits({}, hand.reader());
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(limits.before_login(from("192.0.2.1"), "x").refused) << i;
    limits.after_login(from("192.0.2.1"), "user" + std::to_string(i), false);
  }
  EXPECT_TRUE(limits.before_login(from("192.0.2.1"), "ann").refused);
  EXPECT_FALSE(limits.before_login(from("192.0.2.2"), "ann").refused);
}

TEST(Limits, SuccessForgivesOnesOwnFailuresOnly) {
  SteadyHand hand;
  Limits limits({}, hand.reader());
  Endpoint office = from("192.0.2.1");
  for (int i = 0; i < 4; ++i) limits.after_login(office, "ann", false);
  limits.after_login(office, "ann", true);
  EXPECT_EQ(limits.before_login(office, "ann").delay, 0s);
  EXPECT_EQ(limits.before_login(office, "bob").delay, 0s) << "the office does not pay for a typing error";
  for (int i = 0; i < 4; ++i) limits.after_login(office, "guess" + std::to_string(i), false);
  limits.after_login(office, "ann", true);
  EXPECT_EQ(limits.before_login(office, "bob").delay, 2s) << "an account of one's own does not hide guessing";
}

TEST(Limits, LocalPeersFailForTheUserOnly) {
  SteadyHand hand;
  Limits limits({}, hand.reader());
  for (int i = 0; i < 100; ++i) limits.after_login(from("127.0.0.1"), "ann", false);
  EXPECT_FALSE(limits.before_login(from("127.0.0.1"), "bob").refused);
  EXPECT_EQ(limits.before_login(from("127.0.0.1"), "bob").delay, 0s);
  EXPECT_EQ(limits.before_login(from("127.0.0.1"), "ann").delay, 30s);
}

TEST(Limits, MemoryIsBounded) {
  SteadyHand hand;
  Limits limits({}, hand.reader());
  Endpoint peer = from("127.0.0.1");
  for (int i = 0; i < 5; ++i) limits.after_login(peer, "first", false);
  for (int i = 0; i < 65535; ++i) limits.after_login(peer, "user" + std::to_string(i), false);
  EXPECT_GT(limits.before_login(peer, "first").delay, 0s) << "the last that fits";
  limits.after_login(peer, "one more", false);
  EXPECT_EQ(limits.before_login(peer, "first").delay, 0s) << "the oldest goes first";
}

}  // namespace
}  // namespace kontor::net
