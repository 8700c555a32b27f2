// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/program_process.h"

#include <sys/resource.h>

#include <array>

namespace kontor::transport {

Result<std::unique_ptr<ProgramProcess>> ProgramProcess::start(const std::vector<std::string>& command,
                                                              std::uint64_t memory) {
  TRY(ChildProcess child,
      ChildProcess::start(command, {.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                                    "LANG=C.UTF-8"},
                                    .has_our_errors = true}));
  const rlimit space{memory, memory}, no_core{0, 0};
  ::prlimit(child.pid(), RLIMIT_AS, &space, nullptr);
  ::prlimit(child.pid(), RLIMIT_CORE, &no_core, nullptr);
  return std::unique_ptr<ProgramProcess>(new ProgramProcess(std::move(child)));
}

Result<void> ProgramProcess::send(std::string_view bytes, Deadline until) {
  if (process_.send(bytes, until)) return {};
  return fail(Errc::unavailable,
              std::chrono::steady_clock::now() < until ? "the program ended" : "the program did not read in time");
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
    const auto got = process_.receive(piece, until);
    if (!got) return fail(Errc::unavailable, "the program did not answer in time");
    if (*got == 0) return fail(Errc::unavailable, "the program ended without an answer");
    in_.append(piece.data(), *got);
  }
}

}  // namespace kontor::transport
