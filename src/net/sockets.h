// SPDX-License-Identifier: AGPL-3.0-or-later
// Endpoints as the system's socket addresses, and listening sockets.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "base/result.h"
#include "net/address.h"
#include "net/fd.h"

namespace kontor::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// IPv4 addresses become AF_INET addresses. `any_family` becomes "::".
SocketAddress to_socket_address(const Endpoint& endpoint);
Endpoint to_endpoint(const SocketAddress& address);

// A non-blocking listening socket. A socket file that nobody listens on is replaced; a new one gets `unix_mode`.
// `endpoint` receives the real port. Errors: unavailable (taken, not permitted), invalid (the path is another file).
Result<Fd> open_listener(Endpoint& endpoint, std::uint32_t unix_mode);

// TCP_NODELAY and keep-alive probes; no effect on Unix sockets.
void tune_tcp(int fd);

}  // namespace kontor::net
