// SPDX-License-Identifier: AGPL-3.0-or-later
// One job for each of several things, at once where workers are free.
#pragma once

#include <cstddef>
#include <functional>

#include "base/workers.h"

namespace kontor::transport {

// Runs job(0) to job(count - 1), each once, and returns when all are done. To be called on a worker: the caller takes
// its share itself, so that it ends also while all other workers are busy. `job` must be thread-safe and must not
// throw.
void parallel_each(Workers& workers, std::size_t count, const std::function<void(std::size_t)>& job);

}  // namespace kontor::transport
