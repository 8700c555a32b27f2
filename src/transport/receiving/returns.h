// SPDX-License-Identifier: AGPL-3.0-or-later
// Reports about mail that was sent on come to addresses that were made for it (SRS): from here they go on, by the
// queue, to the original sender.
#pragma once

#include <expected>
#include <optional>

#include "base/time.h"
#include "directory/directory.h"
#include "transport/queue/queue.h"
#include "transport/receiving/envelope.h"
#include "transport/sending/srs.h"
#include "wire/smtp/reply.h"

namespace kontor::transport {

// All must outlive it.
struct Returns {
  const Srs& srs;
  const directory::Directory& directory;
  Queue& queue;
  const Clock& clock;

  // In memory. Nothing: the address was not made by SRS for a domain of ours. Only what has no sender of its own is
  // taken for one that was: everybody who got a forward knows the address.
  std::optional<std::expected<EnvelopeRecipient, wire::smtp::Reply>> recipient(const wire::smtp::Path& sender,
                                                                               const wire::smtp::Path& path) const;
};

}  // namespace kontor::transport
