// SPDX-License-Identifier: AGPL-3.0-or-later
// Copies and moves of many messages within an account, in slices: memory stays bounded, and other updates of the
// account come in between.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "groupware/account.h"

namespace kontor::groupware {

enum class CopyMode : std::uint8_t { copy, move };

struct BulkCopy {
  FolderId from;
  std::vector<Uid> uids;  // ascending
  CopyMode mode = CopyMode::copy;
  bool passes_over_missing = false;  // messages that are gone are no error
  // Where to; called once in each slice, since folders may come and go in between.
  std::function<Result<FolderId>(const Transaction&)> target;
};

struct BulkCopied {
  struct Pair {
    Uid from, to;
  };
  std::vector<Pair> messages;  // in the order of `uids`
  UidValidity uid_validity;
  bool is_missing = false;  // a message was gone
};

constexpr std::size_t kCopiedAtOnce = 1000;

// All or nothing for a copy: what was copied before an error is taken back, after a crash when the account is opened
// again. So who began it goes on to its end. A move that fails has moved the messages in done(), and no others (RFC
// 6851 section 3.3). Not thread-safe.
class MessageCopy {
 public:
  // The references must outlive it.
  MessageCopy(Account& account, const Caller& caller, BulkCopy job);
  MessageCopy(MessageCopy&&) noexcept;
  MessageCopy& operator=(MessageCopy&&) noexcept;
  ~MessageCopy();

  // The next slice. False: that was the last one. Blocks. Errors: what `target` returned; as Transaction::copy and
  // move.
  Result<bool> step();
  const BulkCopied& done() const;

 private:
  class Run;
  std::unique_ptr<Run> run_;
};

// All slices. `done` also says what was done before an error. Errors: as MessageCopy::step.
Result<void> copy_messages(Account& account, const Caller& caller, const BulkCopy& job, BulkCopied& done);

}  // namespace kontor::groupware
