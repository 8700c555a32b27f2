// SPDX-License-Identifier: AGPL-3.0-or-later
// Delivery into accounts: who gets a message, where it is filed, what the answer is. Used by LMTP and later by SMTP.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "groupware/accounts.h"
#include "groupware/rules/filter.h"

namespace kontor::groupware {

enum class QuotaPolicy : std::uint8_t { defer, reject };  // over quota: a temporary or a permanent answer

// What is known of a message besides its bytes.
struct Arrival {
  std::string sender;       // of the envelope; empty = the null sender
  std::string fingerprint;  // stands for the message as it was sent; empty = the content's hash
  bool may_refuse = true;   // false: the sender could not be told which recipient's script refuses; it keeps instead
  bool is_junk = false;     // goes into the folder for junk, where there is one and no script says otherwise
  ReportWishes reports = {};
  bool is_author_proven = false;  // by SPF, DKIM or DMARC: the author is who he says
};

struct Delivered {
  std::string refusal;  // not empty: the recipient's script refuses the message, with these words for its sender
  bool had_it = false;  // from an earlier attempt: see Delivery::note()
};

class Delivery {
 public:
  // All of them must outlive it. Without a filter no account's script runs.
  Delivery(Accounts& accounts, directory::Directory& directory, const Clock& clock,
           QuotaPolicy over_quota = QuotaPolicy::defer, const Filter* filter = nullptr);

  struct Accepted {
    TenantId tenant;
    bool is_group = false;
  };
  // Whether mail for the address can be taken now. Errors: not_found (no such user), denied (not our domain),
  // unavailable (suspended), over_quota (already full, or `size` bytes more would be; never of a group).
  Result<Accepted> accepts(std::string_view address, std::uint64_t size) const;
  // The same where it can be said without blocking; else nothing.
  std::optional<Result<Accepted>> accepts_at_once(std::string_view address, std::uint64_t size) const;

  // Files the message durably in every account the address leads to (a group's members each once): as its script says
  // where it has an active one, else into the inbox or, for a sub-address "user+Folder", into that folder where the
  // owner has one of this name and allows posting. Errors: as accepts().
  //
  // A group: whoever can take it gets it. If somebody cannot for now, the error is `unavailable`, and who has it is
  // noted for kKeptDeliveryNotes: when the same message comes again, by its `fingerprint`, they do not get it twice.
  // Somebody who is full for good (QuotaPolicy::reject) is told of in the log and counted; over_quota if that is all.
  Result<Delivered> deliver(std::string_view address, const StagedContent& content, const Arrival& arrival) const;

  // Who has a message that others could not take: `name` stands for the message as it was sent. Noted durably for
  // kKeptDeliveryNotes; of a group as a whole. What goes wrong is told in the log: somebody may get a copy twice.
  bool has(std::string_view address, std::string_view name) const;
  void note(std::string_view address, std::string_view name) const;
  void forget(std::string_view address, std::string_view name) const;

 private:
  using OpenAccount = std::function<Result<std::shared_ptr<Account>>(AccountId)>;
  Result<Accepted> accepts(std::string_view address, std::uint64_t size, const OpenAccount& open) const;
  Result<void> deliver_to_group(std::string_view address, const std::vector<PrincipalId>& members,
                                const Incoming& incoming) const;
  Result<Filed> file(Account& account, const Incoming& incoming) const;
  Result<Filed> file_judged(Account& account, const Incoming& incoming) const;
  // Where notes about the address lie, and under what.
  struct NotePlace {
    std::shared_ptr<Account> account;
    std::string note;
  };
  Result<NotePlace> note_place(std::string_view address, std::string_view name) const;
  Result<Filed> file_by_rules(Account& account, const Incoming& incoming) const;
  Result<Filed> file_by_hook(DeliveryHook& hook, Account& account, const Incoming& incoming) const;

  Accounts& accounts_;
  directory::Directory& directory_;
  const Clock& clock_;
  const QuotaPolicy over_quota_;
  const Filter* const filter_;
  const metrics::Counter deferred_, left_out_;  // members of groups
};

}  // namespace kontor::groupware
