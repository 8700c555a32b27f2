// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/sending/conclusion.h"

#include <algorithm>

namespace kontor::transport {
namespace {

// The wait after so many attempts: doubled each time, give or take a tenth.
std::chrono::seconds wait_after(std::uint32_t attempts, const SendingOptions& options, unsigned random) {
  std::chrono::seconds wait = options.retry_first;
  for (std::uint32_t i = 1; i < attempts && wait < options.retry_longest; ++i) wait *= 2;
  wait = std::min(wait, options.retry_longest);
  return wait + wait * (static_cast<int>(random % 21) - 10) / 100;
}

// A group's address is no mailbox: RFC 3461 section 5.2.7.3.
DsnAction success_of(const AttemptOutcome& outcome) {
  if (outcome.kind != AttemptOutcome::Kind::delivered) return DsnAction::relayed;
  return outcome.is_group ? DsnAction::expanded : DsnAction::delivered;
}

}  // namespace

Conclusion conclude(const Lease& lease, const std::vector<AttemptOutcome>& outcomes, const SendingOptions& options,
                    Instant now, unsigned random) {
  Conclusion out;
  const QueuedMessage& message = *lease.message;
  for (const QueuedRecipient& recipient : lease.recipients) {
    auto outcome = std::ranges::find(outcomes, recipient.index, &AttemptOutcome::index);
    if (outcome == outcomes.end()) continue;
    Settled settled;
    settled.index = recipient.index;
    settled.last = outcome->what;
    const bool is_late = outcome->kind == AttemptOutcome::Kind::temporary && now >= message.expires;
    if (outcome->kind == AttemptOutcome::Kind::delivered || outcome->kind == AttemptOutcome::Kind::relayed) {
      settled.state = RecipientState::delivered;
      if (recipient.notify.wants(DsnNotify::kSuccess) && !outcome->passes_dsn)
        out.successes.push_back({&recipient, success_of(*outcome), outcome->what});
    } else if ((outcome->kind == AttemptOutcome::Kind::permanent || is_late) && message.origin == Origin::journal) {
      // An archive must not miss it, and nobody is to be told: an administrator looks after it.
      settled.state = RecipientState::held;
      settled.next = now;
    } else if (outcome->kind == AttemptOutcome::Kind::permanent || is_late) {
      settled.state = RecipientState::failed;
      if (is_late && settled.last.enhanced.starts_with("4.")) settled.last.enhanced[0] = '5';
      if (is_late && settled.last.enhanced.empty()) settled.last.enhanced = "5.4.7";
      if (recipient.notify.wants(DsnNotify::kFailure))
        out.failures.push_back({&recipient, DsnAction::failed, settled.last});
    } else {
      settled.state = RecipientState::waiting;
      settled.next = std::min(now + wait_after(recipient.attempts + 1, options, random), message.expires);
      if (settled.next <= now) settled.next = now + std::chrono::seconds(1);
      const Instant since = std::max(message.arrived, message.release);
      if (!recipient.is_warned && now - since >= options.warn_after) {
        settled.is_warned = true;
        if (recipient.notify.wants(DsnNotify::kDelay))
          out.delays.push_back({&recipient, DsnAction::delayed, outcome->what});
      }
    }
    out.settled.push_back(std::move(settled));
  }
  return out;
}

}  // namespace kontor::transport
