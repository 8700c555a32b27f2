// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/program_process.h"

#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace kontor::transport {
namespace {

std::string system_reason(int error) { return std::generic_category().message(error); }

// posix_spawn's two objects, which want to be destroyed.
class PluginPlan {
 public:
  explicit PluginPlan(int socket) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, socket, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, socket, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~PluginPlan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  PluginPlan(const PluginPlan&) = delete;
  PluginPlan& operator=(const PluginPlan&) = delete;

  int spawn(pid_t& pid, const std::vector<std::string>& command) const {
    std::vector<char*> arguments;
    for (const auto& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
    arguments.push_back(nullptr);
    std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", language = "LANG=C.UTF-8";
    char* environment[] = {path.data(), language.data(), nullptr};
    return ::posix_spawn(&pid, command.front().c_str(), &actions_, &attributes_, arguments.data(), environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

Result<std::unique_ptr<ProgramProcess>> ProgramProcess::start(const std::vector<std::string>& command,
                                                              std::uint64_t memory) {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0)
    return fail(Errc::unavailable, "socketpair: " + system_reason(errno));
  net::Fd ours(sockets[0]), theirs(sockets[1]);
  pid_t pid = -1;
  const int error = PluginPlan(theirs.get()).spawn(pid, command);
  if (error != 0) return fail(Errc::unavailable, "cannot start " + command.front() + ": " + system_reason(error));
  const rlimit space{memory, memory}, no_core{0, 0};
  ::prlimit(pid, RLIMIT_AS, &space, nullptr);
  ::prlimit(pid, RLIMIT_CORE, &no_core, nullptr);
  return std::unique_ptr<ProgramProcess>(new ProgramProcess(pid, std::move(ours)));
}

ProgramProcess::~ProgramProcess() {
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

bool ProgramProcess::is_waiting() const {
  pollfd anything{socket_.get(), POLLIN, 0};
  return in_.empty() && ::poll(&anything, 1, 0) == 0;
}

Result<void> ProgramProcess::wait_for(short events, Deadline until) const {
  using std::chrono::milliseconds;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    if (left <= milliseconds(0)) return fail(Errc::unavailable, "the program did not answer in time");
    pollfd wait{socket_.get(), events, 0};
    const int got = ::poll(&wait, 1, static_cast<int>(std::min(left, milliseconds(60'000)).count()));
    if (got > 0) return {};
    if (got < 0 && errno != EINTR) return fail(Errc::unavailable, "poll: " + system_reason(errno));
  }
}

Result<void> ProgramProcess::send(std::string_view bytes, Deadline until) {
  while (!bytes.empty()) {
    TRY_VOID(wait_for(POLLOUT, until));
    const auto put = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (put <= 0) return fail(Errc::unavailable, "the program ended");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<std::string> ProgramProcess::read_line(std::size_t largest, Deadline until) {
  std::array<char, 64 << 10> piece;
  for (std::size_t looked = 0;;) {
    const auto end = in_.find('\n', looked);
    if (end != std::string::npos) {
      std::string line = in_.substr(0, end);
      in_.erase(0, end + 1);
      return line;
    }
    looked = in_.size();
    if (looked > largest) return fail(Errc::too_large, "the program's answer is too long");
    TRY_VOID(wait_for(POLLIN, until));
    const auto got = ::recv(socket_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return fail(Errc::unavailable, "the program ended without an answer");
    in_.append(piece.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace kontor::transport
