// SPDX-License-Identifier: AGPL-3.0-or-later
// What rules send goes into the queue.
#pragma once

#include <string>
#include <utility>

#include "base/time.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "groupware/rules/outbox.h"
#include "transport/queue/queue.h"
#include "transport/sending/srs.h"

namespace kontor::transport {

// Under which sender mail leaves that is only sent on.
struct ForwardSenders {
  const Srs* srs = nullptr;  // null: it stays what it is
  const Clock* clock = nullptr;
  std::string domain;  // of the rewritten ones; empty: that of who sends it on
};

// Thread-safe. All of them must outlive it.
class RuleOutbox final : public groupware::Outbox {
 public:
  RuleOutbox(Queue& queue, groupware::Accounts& accounts, directory::Directory& directory, ForwardSenders senders = {})
      : queue_(queue), accounts_(accounts), directory_(directory), senders_(std::move(senders)) {}

  Result<void> send(const groupware::OutgoingMail& mail) override;
  void forget(const std::string& once) override;

 private:
  std::string sender_of(const groupware::OutgoingMail& mail, const directory::Principal& who) const;

  Queue& queue_;
  groupware::Accounts& accounts_;
  directory::Directory& directory_;
  const ForwardSenders senders_;
};

}  // namespace kontor::transport
