// SPDX-License-Identifier: AGPL-3.0-or-later
// What follows from an attempt: how each recipient goes on, and whom to tell.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"
#include "transport/queue/queue.h"
#include "transport/sending/options.h"

namespace kontor::transport {

// How an attempt for one recipient ended.
struct AttemptOutcome {
  enum class Kind : std::uint8_t { delivered, relayed, temporary, permanent };

  std::uint32_t index = 0;
  Kind kind = Kind::temporary;
  bool passes_dsn = false;  // relayed: the next host reports on its own (RFC 3461 section 5.2.1)
  Attempted what;
  bool is_group = false;  // delivered: to a group's members
};

// What a report says of a recipient (RFC 3464 section 2.3.3).
enum class DsnAction : std::uint8_t { failed, delayed, delivered, relayed, expanded };

struct DsnEntry {
  const QueuedRecipient* recipient = nullptr;
  DsnAction action = DsnAction::failed;
  Attempted what;
};

struct Conclusion {
  std::vector<Settled> settled;
  // For the sender: one report for each kind of news. They refer to the lease's recipients.
  std::vector<DsnEntry> failures, delays, successes;
};

// `random`: of 0 to 99, so that what failed together does not come together again.
Conclusion conclude(const Lease& lease, const std::vector<AttemptOutcome>& outcomes, const SendingOptions& options,
                    Instant now, unsigned random);

}  // namespace kontor::transport
