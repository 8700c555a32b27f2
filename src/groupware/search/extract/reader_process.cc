// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/extract/reader_process.h"

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

namespace kontor::groupware {
namespace {

using document::Frame;
using document::FrameReader;
using document::Tag;

constexpr std::size_t kAnswerPiece = 64 << 10;

std::string reason(int error) { return std::generic_category().message(error); }

// posix_spawn's two objects, which want to be destroyed.
class SpawnPlan {
 public:
  explicit SpawnPlan(int socket) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, socket, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, socket, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
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

  int spawn(pid_t& pid, const std::vector<std::string>& command) const {
    std::vector<char*> arguments;
    for (const auto& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
    arguments.push_back(nullptr);
    char* no_environment[] = {nullptr};
    return ::posix_spawn(&pid, command.front().c_str(), &actions_, &attributes_, arguments.data(), no_environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

Result<std::unique_ptr<ReaderProcess>> ReaderProcess::start(const std::vector<std::string>& command,
                                                            std::size_t largest_answer, Deadline until) {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0)
    return fail(Errc::unavailable, "socketpair: " + reason(errno));
  pid_t pid = -1;
  const int error = SpawnPlan(sockets[1]).spawn(pid, command);
  ::close(sockets[1]);
  if (error != 0) {
    ::close(sockets[0]);
    return fail(Errc::unavailable, "cannot start " + command.front() + ": " + reason(error));
  }
  std::unique_ptr<ReaderProcess> process(new ReaderProcess(pid, sockets[0], largest_answer));
  const auto hello = process->receive(until);
  if (!hello) return fail(Errc::unavailable, command.front() + " does not start: " + hello.error().text);
  if (hello->tag != Tag::ready)
    return fail(Errc::unavailable, command.front() + " cannot lock itself in: " + hello->body);
  return process;
}

ReaderProcess::~ReaderProcess() {
  ::close(socket_);
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

ReaderProcess::Answer ReaderProcess::ask(std::string_view document, Deadline until) {
  ++documents_;
  Answer answer;
  if (send(document::frame_head(Tag::document, document.size()), until) && send(document, until)) {
    auto frame = receive(until);
    if (frame && frame->tag != Tag::ready && frame->tag != Tag::document) {
      answer.frame = std::move(*frame);
      return answer;
    }
  }
  answer.end = end(until);
  return answer;
}

bool ReaderProcess::is_waiting() const {
  pollfd anything{socket_, POLLIN, 0};
  return ::poll(&anything, 1, 0) == 0;
}

bool ReaderProcess::wait_for(short events, Deadline until) const {
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

bool ReaderProcess::send(std::string_view bytes, Deadline until) {
  while (!bytes.empty()) {
    if (!wait_for(POLLOUT, until)) return false;
    const auto put = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

// One frame and nothing behind it: nobody asked for more.
Result<Frame> ReaderProcess::receive(Deadline until) {
  FrameReader reader(largest_answer_);
  std::string piece(kAnswerPiece, '\0');
  while (!reader.is_complete()) {
    if (!wait_for(POLLIN, until)) return fail(Errc::unavailable, "no answer in time");
    const auto got = ::recv(socket_, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return fail(Errc::unavailable, "the process has ended");
    const auto size = static_cast<std::size_t>(got);
    TRY(const std::size_t used, reader.feed(std::string_view(piece).substr(0, size)));
    if (used != size) return fail(Errc::invalid, "more than one answer");
  }
  return reader.take();
}

ReaderProcess::End ReaderProcess::end(Deadline until) {
  const bool is_late = std::chrono::steady_clock::now() >= until;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return is_late || signal == SIGPROF || signal == SIGALRM || signal == SIGXCPU ? End::late : End::crashed;
}

}  // namespace kontor::groupware
