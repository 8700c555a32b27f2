// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/own_address.h"

#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>

#include "net/sockets.h"

namespace kontor::net {
namespace {

TEST(OwnAddress, WhatAnybodyMayHave) {
  for (const char* address : {"8.8.8.8", "9.255.255.255", "11.0.0.0", "172.15.0.1", "172.32.0.1", "100.128.0.1",
                              "223.255.255.255", "2606:4700::1", "2a00:1450::1", "::ffff:8.8.8.8"})
    EXPECT_TRUE(is_public(parse_ip(address).value())) << address;
  for (const char* address : {"127.0.0.1",
                              "127.9.9.9",
                              "10.1.2.3",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "169.254.169.254",
                              "0.0.0.0",
                              "100.64.0.1",
                              "192.0.0.8",
                              "192.88.99.1",
                              "198.19.0.1",
                              "224.0.0.1",
                              "255.255.255.255",
                              "::1",
                              "::",
                              "::8.8.8.8",
                              "fe80::1",
                              "fec0::1",
                              "fd00::1",
                              "ff02::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "64:ff9b::a00:1",
                              "64:ff9b::808:808",
                              "64:ff9b:1::1",
                              "100::1",
                              "2001::1",
                              "2001:db8::1",
                              "2002:7f00:1::1",
                              "2002:808:808::1",
                              "3fff::1",
                              "5f00::1",
                              "4000::1"})
    EXPECT_FALSE(is_public(parse_ip(address).value())) << address;
}

struct FreeInterfaces {
  void operator()(ifaddrs* it) const { freeifaddrs(it); }
};

TEST(OwnAddress, EveryAddressOfAnInterface) {
  ifaddrs* first = nullptr;
  ASSERT_EQ(getifaddrs(&first), 0);
  const std::unique_ptr<ifaddrs, FreeInterfaces> all(first);
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const int family = one->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    SocketAddress address;
    address.size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::memcpy(address.get(), one->ifa_addr, address.size);
    const IpAddress ip = to_endpoint(address).ip;
    EXPECT_TRUE(is_own(ip)) << to_string(ip);
    EXPECT_FALSE(is_outside(ip)) << to_string(ip);
  }
}

TEST(OwnAddress, Loopback) {
  for (const char* address : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_own(parse_ip(address).value())) << address;
}

TEST(OwnAddress, NotThoseOfOthers) {
  for (const char* address : {"192.0.2.77", "8.8.8.8", "2001:db8::77"})
    EXPECT_FALSE(is_own(parse_ip(address).value())) << address;
}

}  // namespace
}  // namespace kontor::net
