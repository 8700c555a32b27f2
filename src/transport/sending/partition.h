// SPDX-License-Identifier: AGPL-3.0-or-later
// Where sending keeps what is no mail: keys, policies, the secret of SRS. docs/formats/queue.md.
#pragma once

#include "store/engine.h"

namespace kontor::transport {

constexpr store::Partition kSendingPartition{0x0400'0000'0000'0002};

}  // namespace kontor::transport
