// SPDX-License-Identifier: AGPL-3.0-or-later
// Where messages pass the filters that are configured, and where they go that do not pass: back, away, or into
// quarantine, which is the queue's, held and apart from all else there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/workers.h"
#include "groupware/delivery.h"
#include "transport/filtering/filter_chain.h"
#include "transport/queue/queue.h"
#include "transport/receiving/envelope.h"
#include "transport/smtp/message.h"

namespace kontor::transport {

// Thread-safe. Blocks but for has() and workers().
class FilterGate {
 public:
  // All must outlive it.
  FilterGate(const FilterOptions& options, Queue& queue, const Clock& clock);

  bool has(FilterStage stage) const { return !chain(stage).is_empty(); }
  const FilterChain& chain(FilterStage stage) const;
  Workers& workers() { return workers_; }
  std::chrono::seconds quarantine_time() const { return options_.quarantine_time; }
  const FilterOptions& options() const { return options_; }

  // Asks the filters of request.stage. What they change is in `message` and in the request's sender and recipients.
  FilterOutcome pass(FilterRequest& request, SmtpMessage& message) const;

  // What becomes of a message from outside for accounts here, after pass(). The reply ends it: it was refused, or it
  // was taken and is not to be delivered. Without one `envelope` is what to deliver, and recipients elsewhere have
  // their copy in the queue. `trace`: for the Received field.
  std::optional<wire::smtp::Reply> settle(const FilterRequest& request, const FilterOutcome& outcome,
                                          const SmtpMessage& message, const Trace& trace,
                                          const groupware::Delivery& delivery, Envelope& envelope) const;

  // What the queue shall know of a message that is quarantined.
  void mark_quarantined(const FilterOutcome& outcome, QueuedEnvelope& envelope) const;
  // Removes what has been in quarantine for long enough.
  Result<void> expire() const;

 private:
  Result<void> put(const FilterRequest& request, const SmtpMessage& message, const std::string& header,
                   QueuedEnvelope envelope, const std::vector<std::string>& recipients) const;

  const FilterOptions options_;
  Queue& queue_;
  const Clock& clock_;
  const FilterChain received_, lmtp_, submitted_, delivery_;
  Workers workers_;
};

}  // namespace kontor::transport
