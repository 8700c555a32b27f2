// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/journal/journaling_queue.h"

#include <algorithm>
#include <iterator>

namespace kontor::transport {
namespace {

constexpr std::size_t kJournalPiece = 256 << 10;

// Whether people know of such a message.
bool is_of_people(Origin origin) {
  return origin != Origin::journal && origin != Origin::aggregate && origin != Origin::tls_report;
}

Result<void> read_content(Queue& queue, const QueueContent& content, const JournalMail::Take& take) {
  if (content.only_piece) return take(*content.only_piece);
  for (std::uint64_t at = 0; at < content.size;) {
    TRY(const std::string piece, queue.read(content.id, at, kJournalPiece));
    if (piece.empty()) return fail(Errc::unavailable, "the message is shorter than it was");
    TRY_VOID(take(piece));
    at += piece.size();
  }
  return {};
}

}  // namespace

JournalingQueue::JournalingQueue(std::unique_ptr<Queue> queue, directory::Directory& directory, const Clock& clock,
                                 std::string hostname)
    : queue_(std::move(queue)), journal_(directory, *queue_, clock, std::move(hostname)) {}

Result<std::size_t> JournalingQueue::add_reports(std::vector<NewMessage>& messages) {
  const std::size_t count = messages.size();
  std::vector<NewMessage> all;
  for (const NewMessage& message : messages) {
    const QueuedEnvelope& envelope = message.envelope;
    if (!is_of_people(envelope.origin)) continue;
    JournalMail mail;
    mail.sender = envelope.sender;
    // A report tells the tenant's people what happened to their mail: it comes from outside of them. So does what was
    // received and is in quarantine, unless it is for others alone: that came from a trusted host.
    const bool is_received = envelope.origin == Origin::quarantine && !envelope.account;
    const auto is_ours = [&](const NewRecipient& one) { return journal_.tenant_of(one.address).has_value(); };
    if (is_received && std::ranges::none_of(message.recipients, is_ours))
      mail.from_tenant = journal_.tenant_of(envelope.sender);
    if (envelope.origin != Origin::report && !is_received) {
      mail.from_tenant = envelope.tenant ? std::optional(envelope.tenant) : journal_.tenant_of(envelope.sender);
      if (envelope.account) mail.user = PrincipalId(envelope.account.value);
    }
    mail.is_by_rule = envelope.origin != Origin::submission && envelope.origin != Origin::relay &&
                      envelope.origin != Origin::quarantine;
    for (const NewRecipient& one : message.recipients) mail.recipients.push_back(one.address);
    if (!journal_.may_want(mail.from_tenant, mail.recipients)) continue;
    mail.is_eight_bit = envelope.needs.eight_bit || envelope.needs.utf8;
    mail.is_binary = envelope.needs.binary;
    mail.bytes = [&](const JournalMail::Take& take) { return read_content(*queue_, message.content, take); };
    TRY(std::vector<NewMessage> reports, journal_.reports(mail));
    std::move(reports.begin(), reports.end(), std::back_inserter(all));
  }
  std::move(all.begin(), all.end(), std::back_inserter(messages));
  return count;
}

Result<std::vector<QueueId>> JournalingQueue::put(std::vector<NewMessage> messages) {
  TRY(const std::size_t count, add_reports(messages));
  TRY(std::vector<QueueId> ids, queue_->put(std::move(messages)));
  ids.resize(count);
  return ids;
}

Result<std::vector<QueueId>> JournalingQueue::settle(const Lease& lease, const std::vector<Settled>& outcomes,
                                                     std::vector<NewMessage> follow_ups) {
  TRY(const std::size_t count, add_reports(follow_ups));
  TRY(std::vector<QueueId> ids, queue_->settle(lease, outcomes, std::move(follow_ups)));
  ids.resize(count);
  return ids;
}

}  // namespace kontor::transport
