// SPDX-License-Identifier: AGPL-3.0-or-later
// For `kontor check`: whether what receiving keeps can be read.
#pragma once

#include <vector>

#include "transport/queue/queue.h"

namespace kontor::transport {

// One sentence for all records of a kind that cannot be read. `repair`: they go, as nothing is lost with them. Errors:
// unavailable.
Result<std::vector<Queue::Fault>> check_receiving(store::Engine& engine, bool repair);

}  // namespace kontor::transport
