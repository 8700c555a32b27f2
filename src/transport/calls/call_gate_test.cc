// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/calls/call_gate.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <string>

#include "net/sockets.h"
#include "transport/calls/feed_client.h"
#include "transport/push/push_client.h"

namespace kontor::transport {
namespace {

TEST(CallGate, LetsTheOutsideAndWhatIsNamed) {
  CallGate gate;
  EXPECT_TRUE(gate.lets(net::parse_ip("8.8.8.8").value()));
  for (const char* inside : {"127.0.0.1", "10.0.0.1", "::1", "::ffff:169.254.169.254", "fd00::1", "2002:808:808::1"})
    EXPECT_FALSE(gate.lets(net::parse_ip(inside).value())) << inside;
  gate.networks.push_back(net::parse_network("10.0.0.0/24").value());
  EXPECT_TRUE(gate.lets(net::parse_ip("10.0.0.1").value()));
  EXPECT_FALSE(gate.lets(net::parse_ip("10.0.1.1").value()));
}

// A listener of this machine that nobody may reach: whoever connects to it would stand in its queue.
class ClosedGate : public ::testing::Test {
 protected:
  void SetUp() override {
    endpoint = net::parse_endpoint("127.0.0.1:0").value();
    listener = net::open_listener(endpoint, 0).value();
  }
  bool was_called() const { return ::accept(listener.get(), nullptr, nullptr) >= 0; }
  net::Endpoint endpoint;
  net::Fd listener;
};

TEST_F(ClosedGate, FeedsAreNotFetchedHere) {
  const std::atomic<bool> is_ending = false;
  for (const std::string host : {"127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"}) {
    groupware::Feed feed;
    feed.settings.source = "http://" + host + ":" + std::to_string(endpoint.port) + "/a.ics";
    const auto answer = fetch_feed(feed, {}, is_ending);
    ASSERT_FALSE(answer) << host;
    EXPECT_EQ(answer.error().code, Errc::denied) << host << ": " << answer.error().text;
  }
  EXPECT_FALSE(was_called());
}

TEST_F(ClosedGate, DevicesAreNotToldHere) {
  PushClient client({});
  const auto answer = client.post({"https://127.0.0.1:" + std::to_string(endpoint.port) + "/push", "x", {}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::denied);
  EXPECT_FALSE(was_called());
}

// The same gate, opened: the listener takes the call and says nothing.
TEST_F(ClosedGate, WhatIsAllowedIsCalled) {
  const std::atomic<bool> is_ending = false;
  groupware::Feed feed;
  feed.settings.source = "http://127.0.0.1:" + std::to_string(endpoint.port) + "/a.ics";
  FeedClientOptions options;
  options.asks_private_networks = true;
  options.timeout = std::chrono::seconds(1);
  const auto answer = fetch_feed(feed, options, is_ending);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unavailable);
  EXPECT_TRUE(was_called());
}

}  // namespace
}  // namespace kontor::transport
