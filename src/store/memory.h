// SPDX-License-Identifier: AGPL-3.0-or-later
// The engine that keeps everything in this process's memory: for tests, held to the same conformance test.
#pragma once

#include <memory>

#include "store/engine.h"

namespace kontor::store {

std::unique_ptr<Engine> open_memory();

}  // namespace kontor::store
