// SPDX-License-Identifier: AGPL-3.0-or-later
// A message on its way in: taken in pieces into one staged content per tenant, then delivered to every recipient.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "base/workers.h"
#include "groupware/delivery.h"
#include "transport/journal/journal.h"
#include "transport/queue/content_needs.h"
#include "transport/queue/queue.h"
#include "transport/receiving/envelope.h"

namespace kontor::transport {

// Blocks: use it on a worker, one thread at a time. Memory: what the stagers hold, which is bounded.
class Intake {
 public:
  // `header` is put before the message; it does not count towards `limit`. `sender` stands in the fingerprint by which
  // a message to a group is known when it comes again. `queue`: for recipients that lead onward; null where there are
  // none.
  Intake(groupware::Accounts& accounts, std::vector<EnvelopeRecipient> recipients, const std::string& sender,
         const std::string& header, std::uint64_t limit, Queue* queue = nullptr);

  // Never fails: what goes wrong is in the answers of deliver(). Beyond the limit, bytes are counted and dropped.
  void write(std::string_view bytes);

  // Files the message for each recipient, several at once; the answers are in the order of the recipients. An address
  // that is there twice gets one copy, and its answer twice. What is answered with success is durable. `manner`: the
  // fields of an Arrival of that name.
  struct Manner {
    bool may_refuse = true;
    bool is_junk = false;
    const Journal* journal = nullptr;  // copies what is accepted; null: nothing
    bool knows_sender = false;         // the sender is who the envelope says
    bool is_author_proven = false;
    bool has_one_answer = false;  // if one recipient cannot take it, it comes again for all
  };
  std::vector<Result<groupware::Delivered>> deliver(const groupware::Delivery& delivery, Workers& workers,
                                                    Manner manner);

  std::uint64_t size() const { return size_; }

 private:
  struct Copy {
    TenantId tenant;
    std::unique_ptr<groupware::Stager> stager;
    Result<void> state;
    groupware::StagedContent content;
    std::vector<QueueId> reports;  // for the archive, put ahead
  };
  Copy& copy_of(TenantId tenant);
  // Without those whose answers say that they do not have it.
  JournalMail journal_mail(const Copy& copy, const Manner& manner,
                           const std::vector<Result<groupware::Delivered>>* answers) const;
  void journal_ahead(Copy& copy, const Manner& manner);
  void settle_journal(const Copy& copy, const Manner& manner,
                      const std::vector<Result<groupware::Delivered>>& answers) const;
  Result<void> send_onward(const std::vector<std::size_t>& first);
  void write_to_all(std::string_view bytes);

  groupware::Accounts& accounts_;
  std::vector<EnvelopeRecipient> recipients_;
  std::vector<Copy> copies_;
  const std::string sender_;
  Queue* const queue_;
  std::unique_ptr<Queue::Writer> onward_;  // where somebody leads onward
  Result<void> onward_state_;
  ContentNeeds onward_needs_;
  std::optional<Sha256> fingerprint_;  // where a group is among the recipients
  std::uint64_t limit_;
  std::uint64_t size_ = 0;
};

}  // namespace kontor::transport
