// SPDX-License-Identifier: AGPL-3.0-or-later
// What rules send goes into the queue.
#pragma once

#include "directory/directory.h"
#include "groupware/accounts.h"
#include "groupware/rules/outbox.h"
#include "transport/queue/queue.h"

namespace kontor::transport {

// Thread-safe. All of them must outlive it.
class RuleOutbox final : public groupware::Outbox {
 public:
  RuleOutbox(Queue& queue, groupware::Accounts& accounts, directory::Directory& directory)
      : queue_(queue), accounts_(accounts), directory_(directory) {}

  Result<void> send(const groupware::OutgoingMail& mail) override;

 private:
  Queue& queue_;
  groupware::Accounts& accounts_;
  directory::Directory& directory_;
};

}  // namespace kontor::transport
