// SPDX-License-Identifier: AGPL-3.0-or-later
// A process gives up, for ever, all it does not need to turn bytes into text.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/result.h"

namespace kontor::extract {

struct SandboxLimits {
  std::uint64_t memory = 512ULL << 20;       // of address space
  std::chrono::seconds processor_time{600};  // of the whole life
};

// Afterwards the process has the descriptors 0, 1 and 2 and gets no others; it reads from 0 and writes to 1; it cannot
// open, make or change files, use the network, start or signal processes, trace, or gain rights. What it tries fails
// with EPERM. By resource limits, no_new_privs, Landlock (where the kernel has it) and seccomp. For a process of one
// thread. Errors: unavailable (then the process must not go on).
Result<void> enter_sandbox(const SandboxLimits& limits);

}  // namespace kontor::extract
