// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/own_address.h"

#include <sys/socket.h>

#include <algorithm>

#include "net/fd.h"
#include "net/sockets.h"

namespace kontor::net {
namespace {

// RFC 6890 and its registries.
constexpr const char* kNotPublic[] = {
    "0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",   "192.0.2.0/24",  "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/3",   "::/96",          "64:ff9b::/96",   "64:ff9b:1::/48", "100::/64",
    "2001::/23",      "2001:db8::/32", "2002::/16",      "fc00::/7",       "fe80::/9",       "ff00::/8"};

}  // namespace

bool is_public(const IpAddress& address) {
  static const std::vector<Network> networks = [] {
    std::vector<Network> out;
    for (const char* text : kNotPublic) out.push_back(parse_network(text).value());
    return out;
  }();
  return std::ranges::none_of(networks, [&](const Network& one) { return one.contains(address); });
}

// Nobody may bind to an address that the machine does not have.
bool is_own(const IpAddress& address) {
  Endpoint endpoint;
  endpoint.ip = address;
  const SocketAddress at = to_socket_address(endpoint);
  const Fd probe(::socket(at.get()->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return probe && ::bind(probe.get(), at.get(), at.size) == 0;
}

}  // namespace kontor::net
