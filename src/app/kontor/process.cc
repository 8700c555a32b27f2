// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>

namespace kontor::app {
namespace {

sigset_t waited_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, number);
  return set;
}

}  // namespace

void notify_manager(std::string_view state) {
  const char* path = ::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (!path || path[0] == '\0' || std::strlen(path) >= sizeof(address.sun_path)) return;
  int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, std::strlen(path));
  if (path[0] == '@') address.sun_path[0] = '\0';  // Linux's abstract names
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  (void)::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
  ::close(fd);
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

void block_signals() {
  sigset_t set = waited_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int wait_for_signal() {
  sigset_t set = waited_signals();
  int number = 0;
  while (::sigwait(&set, &number) != 0) {
  }
  return number;
}

Result<void> replace_file(const std::string& path, std::string_view content) {
  std::string fresh = path + ".new";
  int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool written = fd >= 0 && ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  if (fd >= 0 && ::close(fd) != 0) written = false;
  if (!written || ::rename(fresh.c_str(), path.c_str()) != 0)
    return fail(Errc::unavailable, fmt::format("Cannot write {}: {}", path, std::generic_category().message(errno)));
  return {};
}

}  // namespace kontor::app
