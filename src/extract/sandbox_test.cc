// SPDX-License-Identifier: AGPL-3.0-or-later
// A child locks itself in and then tries what a document that has taken it over would try.
#include "extract/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>

namespace kontor::extract {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kLimitsMemory = false;
#else
constexpr bool kLimitsMemory = true;
#endif
#endif

// The wait status of a child that runs `tries` in the sandbox and exits with what that gives.
int status_of(const SandboxLimits& limits, const std::function<int()>& tries) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!enter_sandbox(limits)) ::_exit(250);
    ::_exit(tries());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

struct Try {
  const char* what;
  long (*call)();
};
char* const kNoWords[] = {nullptr};
// Each must fail with EPERM, by raw system calls: what runs in the child has no need of the C library's manners.
const Try kTries[] = {
    {"read a file", [] { return ::syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY); }},
    {"write a file", [] { return ::syscall(SYS_openat, AT_FDCWD, "/tmp/kontor-was-here", O_WRONLY | O_CREAT, 0600); }},
    {"the old way to open", [] { return ::syscall(SYS_open, "/etc/passwd", O_RDONLY); }},
    {"make a folder", [] { return ::syscall(SYS_mkdirat, AT_FDCWD, "/tmp/kontor-was-here", 0700); }},
    {"remove a file", [] { return ::syscall(SYS_unlinkat, AT_FDCWD, "/tmp/kontor-was-here", 0); }},
    {"look at a file", [] { return ::syscall(SYS_statx, AT_FDCWD, "/etc/passwd", 0, 0, nullptr); }},
    {"a TCP socket", [] { return ::syscall(SYS_socket, AF_INET, SOCK_STREAM, 0); }},
    {"a Unix socket", [] { return ::syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0); }},
    {"send a descriptor", [] { return ::syscall(SYS_sendmsg, STDOUT_FILENO, nullptr, 0); }},
    {"get a descriptor", [] { return ::syscall(SYS_recvmsg, STDIN_FILENO, nullptr, 0); }},
    {"run a program", [] { return ::syscall(SYS_execve, "/bin/true", kNoWords, kNoWords); }},
    {"run a program by descriptor", [] { return ::syscall(SYS_execveat, 0, "", kNoWords, kNoWords, AT_EMPTY_PATH); }},
    {"start a process", [] { return ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }},
    {"start a process the other way", [] { return ::syscall(SYS_fork); }},
    {"trace the parent", [] { return ::syscall(SYS_ptrace, PTRACE_ATTACH, ::getppid(), 0, 0); }},
    {"read the parent's memory",
     [] { return ::syscall(SYS_process_vm_readv, ::getppid(), nullptr, 0, nullptr, 0, 0); }},
    {"signal the parent", [] { return ::syscall(SYS_kill, ::getppid(), SIGTERM); }},
    {"signal all", [] { return ::syscall(SYS_kill, -1, SIGTERM); }},
    {"raise a limit", [] { return ::syscall(SYS_prlimit64, 0, RLIMIT_AS, nullptr, nullptr); }},
    {"undo what was given up", [] { return ::syscall(SYS_prctl, PR_SET_DUMPABLE, 1); }},
    {"a ring of requests", [] { return ::syscall(SYS_io_uring_setup, 1, nullptr); }},
    {"code from data",
     [] {
       return ::syscall(SYS_mmap, nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                        0);
     }},
    {"code out of data", [] { return ::syscall(SYS_mprotect, nullptr, 4096, PROT_READ | PROT_EXEC); }},
    {"write to another descriptor", [] { return ::syscall(SYS_write, STDERR_FILENO, "x", 1); }},
    {"read from another descriptor", [] { return ::syscall(SYS_read, STDOUT_FILENO, nullptr, 0); }},
    {"device calls", [] { return ::syscall(SYS_ioctl, STDIN_FILENO, 0, 0); }},
};

TEST(Sandbox, RefusesWhatNoDocumentNeeds) {
  for (const auto& one : kTries) {
    const int status = status_of({}, [&] {
      errno = 0;
      return one.call() == -1 && errno == EPERM ? 0 : 1;
    });
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << one.what << ": " << status;
  }
  EXPECT_NE(::access("/tmp/kontor-was-here", F_OK), 0);
}

TEST(Sandbox, LetsWorkBeDone) {
  const int status = status_of({}, [] {
    std::string much(50 << 20, 'x');
    much += std::to_string(::time(nullptr));
    return much.size() > (50 << 20) ? 0 : 1;
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(Sandbox, LeavesNoDescriptorOpen) {
  const int file = ::open("/etc/passwd", O_RDONLY);  // without O_CLOEXEC, as a library would
  ASSERT_GT(file, STDERR_FILENO);
  const int status = status_of({}, [&] { return ::close(file) == -1 && errno == EBADF ? 0 : 1; });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  ::close(file);
}

TEST(Sandbox, BoundsMemory) {
  if (!kLimitsMemory) GTEST_SKIP() << "shadow memory cannot be bounded";
  SandboxLimits limits;
  limits.memory = 512 << 20;
  const int status = status_of(limits, [] {
    void* got = ::mmap(nullptr, 600 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return got == MAP_FAILED && errno == ENOMEM ? 0 : 1;
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(Sandbox, BoundsTheWholeLife) {
  SandboxLimits limits;
  limits.processor_time = std::chrono::seconds(1);
  const int status = status_of(limits, [] {
    for (volatile unsigned i = 0;; i = i + 1) {
    }
    return 0;
  });
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
}

}  // namespace
}  // namespace kontor::extract
