// SPDX-License-Identifier: AGPL-3.0-or-later
#pragma once

#include "formats/sieve/environment.h"
#include "formats/sieve/limits.h"
#include "formats/sieve/outcome.h"
#include "formats/sieve/program.h"

namespace kontor::sieve {

// Runs a script on a message. Whatever goes wrong, also in the environment's answers, ends as Outcome::fault with the
// implicit keep (RFC 5228 section 2.10.6). Thread-safe: of `program` nothing changes.
Outcome run(const Program& program, const Message& message, const Environment& environment,
            const RunLimits& limits = {});

}  // namespace kontor::sieve
