// SPDX-License-Identifier: AGPL-3.0-or-later
// What a message that came by SMTP leaves in the queue: itself, where its client may send to everybody, and the news of
// its delivery that its sender asked for (RFC 3461).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "directory/directory.h"
#include "transport/queue/queue.h"
#include "transport/receiving/envelope.h"
#include "transport/smtp/message.h"

namespace kontor::transport {

// All of it outlives the call.
struct TakenMessage {
  const SmtpMessage& message;
  const Envelope& envelope;
  const Trace& trace;
  const std::string& field;  // that was made about it, with its CRLF; may be empty
  Instant now;
};

// Puts the message in for all of its recipients, durably: with Received, and with Date and Message-ID where they are
// missing. An address that is there twice gets one copy. Errors: unavailable.
Result<QueueId> relay(Queue& queue, const directory::Directory& directory, const TakenMessage& taken);

// The message is in the accounts of all of its recipients: who asked for it (NOTIFY=SUCCESS) is told. For a group the
// report says "expanded" (section 5.2.7.3). Nothing happens where nobody asked, or where nobody could be told. Errors:
// unavailable.
Result<void> report_delivery(Queue& queue, const TakenMessage& taken);

}  // namespace kontor::transport
