// SPDX-License-Identifier: AGPL-3.0-or-later
// Journaling: copies of a tenant's mail for its archives, as the rules of the tenant say (directory::JournalRule).
//
// Invariants: 1. a copy is durable with the message, or before anybody is told that the message was taken: a crash may
// make one too many, never one too few; 2. what brings copies is copied to nobody, nor is what the archive's own rules
// send, nor a copy that comes back; 3. nobody is told of a copy that cannot be delivered: it is held in the queue.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "directory/directory.h"
#include "transport/queue/queue.h"

namespace kontor::transport {

// A message on its way, as far as journaling asks.
struct JournalMail {
  std::string sender;                   // of the envelope
  std::optional<PrincipalId> user;      // who sent it, where that is known
  std::optional<TenantId> from_tenant;  // whose people sent it; nothing: it is from outside
  bool is_by_rule = false;              // no person sent it
  std::vector<std::string> recipients;  // of the envelope
  std::optional<bool> is_eight_bit;     // nothing: not known
  bool is_binary = false;               // where is_eight_bit is known: Needs::binary
  // Its bytes, from the beginning, each time. Errors: of `take`, and its own.
  using Take = std::function<Result<void>(std::string_view)>;
  std::function<Result<void>(const Take&)> bytes;
};

// Thread-safe. Blocks. All must outlive it.
class Journal {
 public:
  Journal(directory::Directory& directory, Queue& queue, const Clock& clock, std::string hostname);

  // Whether any tenant that has to do with the mail has rules: in memory, and all that it costs where there are none.
  bool may_want(const std::optional<TenantId>& from, const std::vector<std::string>& recipients) const;

  // The reports to put together with the mail. `only`: of this tenant.
  Result<std::vector<NewMessage>> reports(const JournalMail& mail, std::optional<TenantId> only = {}) const;

  // For mail that is not accepted by a commit of the queue: reports are put before, and sent after kSettling. What was
  // not accepted in the end is withdrawn until then.
  static constexpr std::chrono::seconds kSettling{5};
  Result<std::vector<QueueId>> ahead(const JournalMail& mail, TenantId of) const;
  void withdraw(const std::vector<QueueId>& reports) const;

  // Whose the address is, by its domain.
  std::optional<TenantId> tenant_of(std::string_view address) const;

 private:
  struct Party;
  std::vector<Party> parties(const JournalMail& mail, TenantId tenant, bool is_own) const;
  bool is_wanted(const directory::JournalRule& rule, const JournalMail& mail, const std::vector<Party>& parties,
                 std::uint8_t directions) const;
  Result<std::optional<NewMessage>> report(const JournalMail& mail, const directory::Tenant& tenant) const;
  std::string author(const directory::Tenant& tenant, const std::string& archive) const;

  directory::Directory& directory_;
  Queue& queue_;
  const Clock& clock_;
  const std::string hostname_;
};

}  // namespace kontor::transport
