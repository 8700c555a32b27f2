// SPDX-License-Identifier: AGPL-3.0-or-later
// Where receiving keeps what it may forget: credits of senders, who was asked to come again. docs/formats/queue.md.
#pragma once

#include "store/engine.h"

namespace kontor::transport {

constexpr store::Partition kReceivingPartition{0x0400'0000'0000'0003};

}  // namespace kontor::transport
