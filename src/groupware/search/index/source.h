// SPDX-License-Identifier: AGPL-3.0-or-later
// What the index reads of an account to follow it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "groupware/account.h"
#include "store/engine.h"

namespace kontor::groupware {

// An account's state and the mail items that are filed somewhere, of one moment.
struct IndexedMoment {
  std::int64_t created = 0;
  Modseq modseq;
  std::uint64_t next_item = 1;
  std::vector<ItemId> mails;  // from the asked id on, ascending
  std::uint64_t next = 1;     // all below it were looked at
};

// Thread-safe.
class IndexSource {
 public:
  using Open = std::function<Result<std::shared_ptr<Account>>(AccountId)>;
  IndexSource(store::Engine& engine, Open open) : engine_(engine), open_(std::move(open)) {}

  // At most `limit` mails. Errors: not_found (no such account), unavailable, corrupt.
  Result<IndexedMoment> moment(AccountId account, std::uint64_t first_item, std::size_t limit) const;
  // Digest of the change `modseq`; empty where the log does not have it.
  Result<std::string> history(AccountId account, Modseq modseq) const;
  Result<std::unique_ptr<Reader>> read(AccountId account) const;

 private:
  store::Engine& engine_;
  Open open_;
};

}  // namespace kontor::groupware
