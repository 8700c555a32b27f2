// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/own_address.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "net/fd.h"
#include "net/sockets.h"

namespace kontor::net {
namespace {

// RFC 6890 and its registries.
constexpr const char* kNotPublic[] = {
    "0.0.0.0/8",      "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",   "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/3",  "2001::/23",      "2001:db8::/32",  "2002::/16",      "3fff::/20"};
constexpr const char* kGivenOut6 = "2000::/3";

struct Question {
  nlmsghdr head;
  rtmsg route;
  rtattr to;
  std::array<unsigned char, 16> address;
};

// What the kernel would do with a packet for it. Nothing: it does not say.
std::optional<bool> is_routed_here(const IpAddress& address) {
  const Fd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!netlink) return std::nullopt;
  const std::size_t size = address.is_v4() ? 4 : 16;
  Question question{};
  question.head.nlmsg_len = static_cast<__u32>(offsetof(Question, address) + size);
  question.head.nlmsg_type = RTM_GETROUTE;
  question.head.nlmsg_flags = NLM_F_REQUEST;
  question.route.rtm_family = address.is_v4() ? AF_INET : AF_INET6;
  question.route.rtm_dst_len = static_cast<unsigned char>(size * 8);
  question.to.rta_len = static_cast<unsigned short>(RTA_LENGTH(size));
  question.to.rta_type = RTA_DST;
  std::memcpy(question.address.data(), address.bytes.data() + 16 - size, size);
  if (::send(netlink.get(), &question, question.head.nlmsg_len, 0) < 0) return std::nullopt;
  alignas(nlmsghdr) std::array<char, 8192> answer;
  const ssize_t got = ::recv(netlink.get(), answer.data(), answer.size(), 0);
  nlmsghdr head;
  if (got < static_cast<ssize_t>(sizeof head)) return std::nullopt;
  std::memcpy(&head, answer.data(), sizeof head);
  if (head.nlmsg_type == NLMSG_ERROR) {
    nlmsgerr error;
    if (got < static_cast<ssize_t>(NLMSG_HDRLEN + sizeof error)) return std::nullopt;
    std::memcpy(&error, answer.data() + NLMSG_HDRLEN, sizeof error);
    if (error.error == -ENETUNREACH || error.error == -EHOSTUNREACH) return false;
    return std::nullopt;
  }
  rtmsg route;
  if (head.nlmsg_type != RTM_NEWROUTE || got < static_cast<ssize_t>(NLMSG_HDRLEN + sizeof route)) return std::nullopt;
  std::memcpy(&route, answer.data() + NLMSG_HDRLEN, sizeof route);
  return route.rtm_type == RTN_LOCAL;
}

// Where netlink is closed to this process: to itself the machine speaks from the very address. Nothing is sent.
bool is_answered_from_itself(const IpAddress& address) {
  Endpoint endpoint;
  endpoint.ip = address;
  endpoint.port = 9;
  const SocketAddress to = to_socket_address(endpoint);
  const Fd probe(::socket(to.get()->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!probe) return true;
  if (::connect(probe.get(), to.get(), to.size) != 0) return false;
  SocketAddress from;
  if (::getsockname(probe.get(), from.get(), &from.size) != 0) return true;
  return to_endpoint(from).ip == address;
}

}  // namespace

bool is_public(const IpAddress& address) {
  static const std::vector<Network> networks = [] {
    std::vector<Network> out;
    for (const char* text : kNotPublic) out.push_back(parse_network(text).value());
    return out;
  }();
  static const Network given_out = parse_network(kGivenOut6).value();
  if (!address.is_v4() && !given_out.contains(address)) return false;
  return std::ranges::none_of(networks, [&](const Network& one) { return one.contains(address); });
}

bool is_own(const IpAddress& address) {
  if (address.is_loopback()) return true;
  if (const auto is_here = is_routed_here(address)) return *is_here;
  return is_answered_from_itself(address);
}

}  // namespace kontor::net
