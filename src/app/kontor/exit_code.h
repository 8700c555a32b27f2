// SPDX-License-Identifier: AGPL-3.0-or-later
// What the exit code of `kontor` means. Documented in docs/administration.md.
#pragma once

#include "base/result.h"

namespace kontor::app {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,  // it was tried and did not work, or `check` found faults
  kUsage = 2,   // the command line, the configuration or a value makes no sense
  kNotFound = 3,
  kConflict = 4,     // it exists already, or something else stands in the way
  kUnreachable = 5,  // neither a server nor the store can be reached
};

// `is_opening`: the failure came up while the server or the store was being opened.
int exit_code(Errc code, bool is_opening);

}  // namespace kontor::app
