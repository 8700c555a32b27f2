// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace kontor {
namespace {

std::string system_reason(int error) { return std::generic_category().message(error); }

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& one : texts) out.push_back(const_cast<char*>(one.c_str()));
  out.push_back(nullptr);
  return out;
}

// posix_spawn's two objects, which want to be destroyed.
class SpawnPlan {
 public:
  SpawnPlan(int socket, bool has_our_errors) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, socket, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, socket, STDOUT_FILENO);
    if (!has_our_errors) posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    // Not everything of ours is closed by exec: libraries open as they like.
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);  // a ^C in our terminal is not meant for it
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  int spawn(pid_t& pid, const std::vector<std::string>& command, const std::vector<std::string>& environment) const {
    return ::posix_spawn(&pid, command.front().c_str(), &actions_, &attributes_, pointers_to(command).data(),
                         pointers_to(environment).data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& command, const Options& options) {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0)
    return fail(Errc::unavailable, "socketpair: " + system_reason(errno));
  pid_t pid = -1;
  const int error = SpawnPlan(sockets[1], options.has_our_errors).spawn(pid, command, options.environment);
  ::close(sockets[1]);
  if (error == 0) return ChildProcess(pid, sockets[0]);
  ::close(sockets[0]);
  return fail(Errc::unavailable, "cannot start " + command.front() + ": " + system_reason(error));
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), socket_(std::exchange(other.socket_, -1)) {}

ChildProcess::~ChildProcess() {
  if (socket_ >= 0) ::close(socket_);
  end();
}

int ChildProcess::end() {
  int status = 0;
  if (pid_ < 0) return status;
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

bool ChildProcess::has_news() const {
  pollfd anything{socket_, POLLIN, 0};
  return ::poll(&anything, 1, 0) != 0;
}

bool ChildProcess::wait_for(short events, Deadline until) const {
  using std::chrono::milliseconds;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    if (left <= milliseconds(0)) return false;
    pollfd wait{socket_, events, 0};
    const int got = ::poll(&wait, 1, static_cast<int>(std::min(left, milliseconds(60'000)).count()));
    if (got > 0) return true;
    if (got < 0 && errno != EINTR) return false;
  }
}

bool ChildProcess::send(std::string_view bytes, Deadline until) {
  while (!bytes.empty()) {
    if (!wait_for(POLLOUT, until)) return false;
    const auto put = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

std::optional<std::size_t> ChildProcess::receive(std::span<char> into, Deadline until) {
  while (wait_for(POLLIN, until)) {
    const auto got = ::recv(socket_, into.data(), into.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    return static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  return std::nullopt;
}

}  // namespace kontor
