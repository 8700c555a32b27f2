// SPDX-License-Identifier: AGPL-3.0-or-later
#include "extract/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <type_traits>

namespace kontor::extract {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kHasShadowMemory = true;  // terabytes of addresses that are never used
#else
constexpr bool kHasShadowMemory = false;
#endif
#else
constexpr bool kHasShadowMemory = false;
#endif

Result<void> failed(const char* what, int error) {
  return fail(Errc::unavailable, std::string(what) + ": " + std::generic_category().message(error));
}

Result<void> set_limit(int resource, rlim_t value) {
  const rlimit both{value, value};
  if (::setrlimit(static_cast<__rlimit_resource>(resource), &both) != 0) return failed("setrlimit", errno);
  return {};
}

Result<void> limit_resources(const SandboxLimits& limits) {
  if (!kHasShadowMemory) TRY_VOID(set_limit(RLIMIT_AS, limits.memory));
  TRY_VOID(set_limit(RLIMIT_CPU, static_cast<rlim_t>(limits.processor_time.count())));
  TRY_VOID(set_limit(RLIMIT_CORE, 0));
  TRY_VOID(set_limit(RLIMIT_FSIZE, 0));
  return set_limit(RLIMIT_NOFILE, STDERR_FILENO + 1);
}

// A second wall around the files: no kind of access to any. Kernels without it, or that do not let us, have only the
// first (seccomp).
void leave_the_file_system() {
  landlock_ruleset_attr all{};
  all.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // all kinds of the first version
  const auto rules = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0));
  if (rules < 0) return;
  ::syscall(SYS_landlock_restrict_self, rules, 0);
  ::close(rules);
}

struct ReleaseFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};

// What memory, time and ends of processes need.
constexpr int kAllowedCalls[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(close),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(futex),
    SCMP_SYS(getpid),
    SCMP_SYS(getrandom),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(madvise),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(nanosleep),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_yield),
    SCMP_SYS(setitimer),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(time),
};

int allow_calls(scmp_filter_ctx filter) {
  for (const int call : kAllowedCalls)
    if (const int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0); error != 0) return error;
  const auto allow = [&](int call, scmp_arg_cmp argument) {
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &argument);
  };
  const auto is = [](unsigned argument, std::uint64_t value) { return scmp_arg_cmp{argument, SCMP_CMP_EQ, value, 0}; };
  const scmp_arg_cmp no_code{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0};
  for (const int error : {
           allow(SCMP_SYS(read), is(0, STDIN_FILENO)),
           allow(SCMP_SYS(write), is(0, STDOUT_FILENO)),
           allow(SCMP_SYS(mmap), no_code),
           allow(SCMP_SYS(mprotect), no_code),
           // abort() signals itself.
           allow(SCMP_SYS(tgkill), is(0, static_cast<std::uint64_t>(::getpid()))),
       })
    if (error != 0) return error;
  return 0;
}

Result<void> filter_calls() {
  const std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, ReleaseFilter> filter(
      seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) return fail(Errc::unavailable, "seccomp_init");
  if (const int error = allow_calls(filter.get()); error != 0) return failed("seccomp_rule_add", -error);
  if (const int error = seccomp_load(filter.get()); error != 0) return failed("seccomp_load", -error);
  return {};
}

}  // namespace

Result<void> enter_sandbox(const SandboxLimits& limits) {
  if (::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) != 0) return failed("close_range", errno);
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return failed("prctl(PR_SET_DUMPABLE)", errno);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("prctl(PR_SET_NO_NEW_PRIVS)", errno);
  leave_the_file_system();
  TRY_VOID(limit_resources(limits));
  return filter_calls();
}

}  // namespace kontor::extract
