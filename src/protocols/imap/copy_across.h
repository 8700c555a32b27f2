// SPDX-License-Identifier: AGPL-3.0-or-later
// Copies and moves messages from one account into another: the content, the flags by name, the date. Not in one change,
// as within an account, but in steps: each is whole.
#pragma once

#include <string>
#include <vector>

#include "groupware/accounts.h"
#include "groupware/bulk.h"
#include "protocols/imap/mailboxes.h"
#include "wire/imap/sequence_set.h"

namespace kontor::imap {

using groupware::CopyMode;

// What was copied, for COPYUID; and why it could not be.
struct Copied {
  wire::imap::Ranges from, to;
  UidValidity uid_validity;
  bool no_target = false;
  bool is_missing = false;
};

class CopyAcross {
 public:
  struct Job {
    std::shared_ptr<groupware::Account> source;
    FolderId from;
    std::vector<Uid> uids;  // ascending
    Mailbox target;
    CopyMode mode = CopyMode::copy;
    bool by_uid = false;  // messages that are gone are passed over; otherwise they are an error
  };

  // `accounts` must outlive it.
  CopyAcross(groupware::Accounts& accounts, groupware::Caller caller, Job job)
      : accounts_(accounts), caller_(caller), job_(std::move(job)) {}

  // Copies some more; false: that was all. A move takes from the source what has arrived (RFC 6851 section 3.3).
  // Blocks. Errors: denied, not_found, over_quota, invalid, unavailable; then a copy is undone, and what a move has
  // moved stays.
  Result<bool> step();

  const Copied& copied() const { return copied_; }
  std::size_t done() const { return next_; }  // of the job's messages

 private:
  struct Taken {
    Uid uid;
    groupware::NewItem item;
  };
  struct Arrived {
    Uid from, to;
  };

  Result<void> advance();
  Result<std::vector<Taken>> take();
  Result<groupware::NewItem> stage(const groupware::Reader& reader, const groupware::FolderView& view,
                                   std::uint32_t position);
  Result<std::vector<Arrived>> add(const std::vector<Taken>& taken);
  Result<void> remove_originals(const std::vector<Arrived>& arrived);
  void withdraw(const std::vector<Uid>& uids);

  groupware::Accounts& accounts_;
  groupware::Caller caller_;
  Job job_;
  std::size_t next_ = 0;  // of job_.uids
  FolderId to_;
  Copied copied_;
};

}  // namespace kontor::imap
