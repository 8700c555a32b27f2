// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/io_step.h"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace kontor::net {
namespace {

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

IoStep receive(int fd, std::span<char> into, int flags) {
  for (;;) {
    ssize_t got = ::recv(fd, into.data(), into.size(), flags);
    if (got > 0) return IoStep(IoStep::Kind::done, static_cast<std::size_t>(got));
    if (got == 0) return IoStep(IoStep::Kind::closed);
    if (would_block()) return IoStep(IoStep::Kind::want_read);
    if (errno != EINTR) return IoStep(std::system_category().message(errno));
  }
}

}  // namespace

IoStep plain_read(int fd, std::span<char> into) { return receive(fd, into, 0); }

IoStep plain_peek(int fd) {
  char byte = 0;
  return receive(fd, std::span(&byte, 1), MSG_PEEK);
}

IoStep plain_write(int fd, std::string_view bytes) {
  for (;;) {
    ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return IoStep(IoStep::Kind::done, static_cast<std::size_t>(sent));
    if (would_block()) return IoStep(IoStep::Kind::want_write);
    if (errno != EINTR) return IoStep(std::system_category().message(errno));
  }
}

}  // namespace kontor::net
