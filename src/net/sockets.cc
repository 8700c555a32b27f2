// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/sockets.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>

namespace kontor::net {
namespace {

void set_option(int fd, int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof value); }

std::unexpected<Error> cannot_listen(const Endpoint& endpoint, int error) {
  return fail(Errc::unavailable,
              fmt::format("Cannot listen on {}: {}.", to_string(endpoint), std::system_category().message(error)));
}

// A server that was killed leaves its socket file behind.
Result<void> remove_stale(const Endpoint& endpoint, const SocketAddress& address) {
  struct stat status = {};
  if (::lstat(endpoint.unix_path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode))
    return fail(Errc::invalid, fmt::format("Cannot listen on {}: the path is not a socket.", to_string(endpoint)));
  Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return cannot_listen(endpoint, errno);
  if (::connect(probe.get(), address.get(), address.size) == 0 || errno == EAGAIN)
    return cannot_listen(endpoint, EADDRINUSE);
  if (errno != ECONNREFUSED) return cannot_listen(endpoint, errno);
  ::unlink(endpoint.unix_path.c_str());
  return {};
}

}  // namespace

SocketAddress to_socket_address(const Endpoint& endpoint) {
  SocketAddress out;
  if (endpoint.is_unix) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, endpoint.unix_path.data(),
                std::min(endpoint.unix_path.size(), sizeof address.sun_path - 1));
    std::memcpy(&out.storage, &address, sizeof address);
    out.size = sizeof address;
  } else if (endpoint.ip.is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    std::memcpy(&address.sin_addr, endpoint.ip.bytes.data() + 12, 4);
    std::memcpy(&out.storage, &address, sizeof address);
    out.size = sizeof address;
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(endpoint.port);
    std::memcpy(&address.sin6_addr, endpoint.ip.bytes.data(), 16);
    std::memcpy(&out.storage, &address, sizeof address);
    out.size = sizeof address;
  }
  return out;
}

Endpoint to_endpoint(const SocketAddress& address) {
  Endpoint out;
  if (address.storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address.storage, sizeof in);
    out.ip.bytes[10] = out.ip.bytes[11] = 0xff;
    std::memcpy(out.ip.bytes.data() + 12, &in.sin_addr, 4);
    out.port = ntohs(in.sin_port);
  } else if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address.storage, sizeof in);
    std::memcpy(out.ip.bytes.data(), &in.sin6_addr, 16);
    out.port = ntohs(in.sin6_port);
  } else {
    out.is_unix = true;
  }
  return out;
}

Result<Fd> open_listener(Endpoint& endpoint, std::uint32_t unix_mode) {
  SocketAddress address = to_socket_address(endpoint);
  int family = address.storage.ss_family;
  Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd && endpoint.any_family && errno == EAFNOSUPPORT) {  // a kernel without IPv6
    endpoint.any_family = false;
    endpoint.ip = *parse_ip("0.0.0.0");
    return open_listener(endpoint, unix_mode);
  }
  if (!fd) return cannot_listen(endpoint, errno);
  if (!endpoint.is_unix) set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (endpoint.is_unix) {
    TRY_VOID(remove_stale(endpoint, address));
  }
  if (family == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, endpoint.any_family ? 0 : 1);
  if (::bind(fd.get(), address.get(), address.size) != 0) return cannot_listen(endpoint, errno);
  // Nobody can connect before listen(), so nobody meets the wrong mode.
  if (endpoint.is_unix && ::chmod(endpoint.unix_path.c_str(), unix_mode) != 0) return cannot_listen(endpoint, errno);
  if (::listen(fd.get(), SOMAXCONN) != 0) return cannot_listen(endpoint, errno);
  if (!endpoint.is_unix) {
    SocketAddress real;
    if (::getsockname(fd.get(), real.get(), &real.size) != 0) return cannot_listen(endpoint, errno);
    endpoint.port = to_endpoint(real).port;
  }
  return fd;
}

void tune_tcp(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  // Clients that idle for half an hour are normal; those that vanished are found within a quarter.
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 600);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 60);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 5);
}

}  // namespace kontor::net
