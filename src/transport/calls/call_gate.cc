// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/calls/call_gate.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "net/own_address.h"
#include "net/sockets.h"

namespace kontor::transport {
namespace {

std::optional<net::IpAddress> called_address(const curl_sockaddr& at) {
  const std::size_t needed = at.family == AF_INET    ? sizeof(sockaddr_in)
                             : at.family == AF_INET6 ? sizeof(sockaddr_in6)
                                                     : 0;
  if (needed == 0 || at.addrlen < needed) return std::nullopt;
  net::SocketAddress address;
  address.size = static_cast<socklen_t>(needed);
  std::memcpy(address.get(), &at.addr, needed);
  return net::to_endpoint(address).ip;
}

curl_socket_t open_if_let(void* state, curlsocktype, curl_sockaddr* at) {
  auto& gate = *static_cast<CallGate*>(state);
  const auto address = called_address(*at);
  if (address && gate.lets(*address)) return ::socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
  gate.has_refused = true;
  return CURL_SOCKET_BAD;
}

}  // namespace

bool CallGate::lets(const net::IpAddress& address) const {
  return std::ranges::any_of(networks, [&](const net::Network& one) { return one.contains(address); }) ||
         net::is_outside(address);
}

void set_gate(void* handle, CallGate& gate) {
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_if_let);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &gate);
}

}  // namespace kontor::transport
