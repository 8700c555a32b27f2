// SPDX-License-Identifier: AGPL-3.0-or-later
// IP addresses, networks and listening endpoints as values and text.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor::net {

// IPv4 is kept as an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2), so that both compare alike.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const IpAddress&) const = default;
  bool is_v4() const;
  bool is_loopback() const;
};
std::optional<IpAddress> parse_ip(std::string_view text);
std::string to_string(const IpAddress& address);
// The name below which DNS has it, "1.2.0.192.in-addr.arpa" (RFC 1035 section 3.5, RFC 3596 section 2.5).
std::string reverse_name(const IpAddress& address);

// "10.0.0.0/8", "2001:db8::/32", or a single address. Bits behind the prefix must be zero (a likely typing error).
struct Network {
  IpAddress base;
  std::uint8_t prefix = 128;  // of the mapped form
  bool contains(const IpAddress& address) const;
};
Result<Network> parse_network(std::string_view text);

// One side of a connection.
struct Endpoint {
  IpAddress ip;
  std::uint16_t port = 0;
  std::string unix_path;  // of a listening Unix socket; peers have none
  bool is_unix = false;
  bool any_family = false;  // "*": IPv6 and IPv4 through one socket
};
std::string to_string(
    const Endpoint& endpoint);  // "192.0.2.1:143", "[2001:db8::1]:143", "*:143", "unix:/run/x", "unix"

// Where to listen: "127.0.0.1:143", "[::]:993", "*:993" (both families), "unix:/run/kontor/lmtp.sock". Port 0 = any
// free one.
Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace kontor::net
