// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/address.h"

#include <gtest/gtest.h>

namespace kontor::net {
namespace {

TEST(Address, ParsesAndPrints) {
  struct Case {
    std::string text;
    std::string printed;  // empty: refused
    bool is_loopback;
  } cases[] = {
      {"192.0.2.1", "192.0.2.1", false},
      {"127.0.0.5", "127.0.0.5", true},
      {"::1", "::1", true},
      {"2001:DB8::1", "2001:db8::1", false},
      {"::ffff:10.0.0.1", "10.0.0.1", false},  // the mapped form is the same address
      {"::ffff:127.0.0.1", "127.0.0.1", true},
      {"", "", false},
      {"192.0.2", "", false},
      {"192.0.2.256", "", false},
      {"fe80::1%eth0", "", false},
      {"mail.example.org", "", false},
      {std::string("::1\0x", 5), "", false},
  };
  for (const Case& c : cases) {
    auto ip = parse_ip(c.text);
    EXPECT_EQ(ip ? to_string(*ip) : "", c.printed) << c.text;
    if (ip) EXPECT_EQ(ip->is_loopback(), c.is_loopback) << c.text;
  }
}

TEST(Address, NetworksContain) {
  struct Case {
    const char* network;
    const char* address;
    bool is_inside;
  } cases[] = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.1", false},
      {"10.0.0.0/8", "::ffff:10.1.1.1", true},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"192.0.2.128/25", "192.0.2.129", true},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"::/0", "203.0.113.9", true},
  };
  for (const Case& c : cases) {
    auto network = parse_network(c.network);
    ASSERT_TRUE(network) << c.network;
    EXPECT_EQ(network->contains(*parse_ip(c.address)), c.is_inside) << c.network << " " << c.address;
  }
  for (const char* bad :
       {"", "/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.1/8", "::1/129", "2001:db8::1/64", "x/8"})
    EXPECT_FALSE(parse_network(bad)) << bad;
}

TEST(Address, EndpointsRoundTrip) {
  for (const char* good :
       {"127.0.0.1:143", "[::]:993", "[2001:db8::1]:1", "*:993", "0.0.0.0:0", "unix:/run/kontor/lmtp.sock"}) {
    auto endpoint = parse_endpoint(good);
    ASSERT_TRUE(endpoint) << good;
    EXPECT_EQ(to_string(*endpoint), good);
  }
  for (std::string bad : {"", ":143", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:143",
                          "[127.0.0.1]:1", "localhost:143", "unix:", "*"})
    EXPECT_FALSE(parse_endpoint(bad)) << bad;
  EXPECT_FALSE(parse_endpoint("unix:/" + std::string(107, 'x')));
  Endpoint peer;
  peer.is_unix = true;
  EXPECT_EQ(to_string(peer), "unix");
}

}  // namespace
}  // namespace kontor::net
