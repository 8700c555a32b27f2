// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/bulk.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "groupware/broken_copies.h"

namespace kontor::groupware {
namespace {

// What a copy of several slices has brought so far, as it is noted in the account: folder, then ranges of UIDs.
class CopyNote {
 public:
  void begin(FolderId folder) { folder_ = folder; }
  void add(Uid uid) {
    if (!ranges_.empty() && ranges_.back().second + 1 == uid.value)
      ranges_.back().second = uid.value;
    else
      ranges_.emplace_back(uid.value, uid.value);
  }
  std::string encode() const {
    std::string out;
    append_be64(out, folder_.value);
    for (const auto& [first, last] : ranges_) {
      append_be32(out, first);
      append_be32(out, last);
    }
    return out;
  }

 private:
  FolderId folder_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges_;
};

struct NotedCopy {
  std::string copy;
  FolderId folder;
  std::vector<Uid> uids;
};

// Without UIDs that the folder never had.
NotedCopy decode_note(std::string_view copy, std::string_view value, const FolderTable& folders) {
  NotedCopy out{std::string(copy), FolderId(), {}};
  if (!is_sound_copy_note(value)) return out;
  out.folder = FolderId(read_be64(value));
  const FolderTable::Pointer folder = folders.find(out.folder);
  const std::uint32_t end = folder ? folder->next_uid.value : 0;
  for (value.remove_prefix(8); !value.empty(); value.remove_prefix(8))
    for (std::uint32_t uid = read_be32(value); uid < end && uid <= read_be32(value.substr(4)); ++uid)
      out.uids.emplace_back(uid);
  return out;
}

// For good, not to be recovered: nobody asked for these copies.
Result<void> withdraw_some(Transaction& transaction, FolderId folder, std::span<const Uid> uids) {
  const auto view = transaction.view(folder);
  if (!view && view.error().code == Errc::not_found) return {};  // it was removed, and they with it
  if (!view) return std::unexpected(view.error());
  for (const Uid uid : uids) {
    const auto position = (*view)->find(uid);
    if (!position) continue;
    const ItemId item = (*view)->at(*position).item;
    TRY_VOID(transaction.remove(folder, uid));
    const auto purged = transaction.purge_removed_item(item);
    if (purged || purged.error().code == Errc::not_found) continue;
    if (purged.error().code != Errc::conflict) return purged;  // a conflict: the account is held, they stay as removed
  }
  return {};
}

// In slices; the note goes with the last one.
Result<void> withdraw(Account& account, const NotedCopy& noted) {
  std::size_t first = 0;
  do {
    const std::size_t last = std::min(noted.uids.size(), first + kCopiedAtOnce);
    TRY_VOID(account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      TRY_VOID(withdraw_some(transaction, noted.folder, std::span(noted.uids).subspan(first, last - first)));
      if (last == noted.uids.size()) transaction.note_copy(noted.copy, std::nullopt);
      return {};
    }));
    first = last;
  } while (first < noted.uids.size());
  return {};
}

}  // namespace

class MessageCopy::Run {
 public:
  Run(Account& account, const Caller& caller, BulkCopy job)
      : account_(account), caller_(caller), job_(std::move(job)) {}

  Result<bool> step() {
    if (next_ == job_.uids.size()) return false;
    last_ = std::min(job_.uids.size(), next_ + kCopiedAtOnce);
    const auto updated = account_.update(caller_, [&](Transaction& part) { return copy_some(part); });
    done_.is_missing = done_.is_missing || slice_.is_missing;
    if (!updated) {
      if (job_.mode == CopyMode::copy) take_back();
      return std::unexpected(updated.error());
    }
    if (slice_.uid_validity) done_.uid_validity = slice_.uid_validity;
    done_.messages.insert(done_.messages.end(), slice_.messages.begin(), slice_.messages.end());
    for (const BulkCopied::Pair& pair : slice_.messages) note_.add(pair.to);
    next_ = last_;
    return next_ < job_.uids.size();
  }
  const BulkCopied& done() const { return done_; }

 private:
  // One slice. It may run more than once: it changes nothing but `slice_` and `folder_`.
  Result<void> copy_some(Transaction& transaction) {
    slice_ = {};
    TRY(const FolderId to, job_.target(transaction));
    if (next_ == 0)
      folder_ = to;
    else if (to != folder_)
      return fail(Errc::not_found, "the folder was replaced by another meanwhile");
    if (next_ == 0) TRY_VOID(check_room(transaction));
    for (std::size_t i = next_; i < last_; ++i) {
      const Uid uid = job_.uids[i];
      const auto added = job_.mode == CopyMode::copy ? transaction.copy(job_.from, uid, folder_)
                                                     : transaction.move(job_.from, uid, folder_);
      if (!added && added.error().code == Errc::not_found) {
        slice_.is_missing = true;
        if (job_.passes_over_missing) continue;
      }
      if (!added) return std::unexpected(added.error());
      slice_.uid_validity = added->uid_validity;
      slice_.messages.push_back({uid, added->uid});
    }
    if (job_.mode == CopyMode::copy && job_.uids.size() > kCopiedAtOnce) note_progress(transaction);
    return {};
  }

  // Before the first of many: not the last slice shall find out.
  Result<void> check_room(const Transaction& transaction) const {
    const Usage usage = transaction.usage();
    if (job_.mode == CopyMode::move || job_.uids.size() <= kCopiedAtOnce) return {};
    if (usage.item_limit != 0 && usage.items + job_.uids.size() > usage.item_limit)
      return fail(Errc::over_quota, "the mailbox holds as many messages as it may");
    if (usage.limit == 0) return {};
    TRY(const auto view, transaction.view(job_.from));
    std::uint64_t bytes = 0;
    for (const Uid uid : job_.uids)
      if (const auto position = view->find(uid)) bytes += view->at(*position).size;
    if (usage.bytes + bytes > usage.limit) return fail(Errc::over_quota, "the mailbox is full");
    return {};
  }

  void note_progress(Transaction& transaction) const {
    if (last_ == job_.uids.size()) return transaction.note_copy(copy_, std::nullopt);
    CopyNote note = note_;
    note.begin(folder_);
    for (const BulkCopied::Pair& pair : slice_.messages) note.add(pair.to);
    transaction.note_copy(copy_, note.encode());
  }

  void take_back() {
    if (done_.messages.empty()) return;
    NotedCopy noted{copy_, folder_, {}};
    for (const BulkCopied::Pair& pair : done_.messages) noted.uids.push_back(pair.to);
    // If this fails, it is done when the account is opened the next time.
    if (const auto gone = withdraw(account_, noted); !gone)
      log::error("account.copy_not_undone",
                 {{"account", account_.id().value}, {"folder", folder_.value}, {"why", gone.error().text}});
    done_.messages.clear();
  }

  Account& account_;
  const Caller& caller_;
  const BulkCopy job_;
  BulkCopied done_;
  const std::string copy_ = random_bytes(16);
  std::size_t next_ = 0, last_ = 0;
  FolderId folder_;
  CopyNote note_;
  BulkCopied slice_;
};

MessageCopy::MessageCopy(Account& account, const Caller& caller, BulkCopy job)
    : run_(std::make_unique<Run>(account, caller, std::move(job))) {}
MessageCopy::MessageCopy(MessageCopy&&) noexcept = default;
MessageCopy& MessageCopy::operator=(MessageCopy&&) noexcept = default;
MessageCopy::~MessageCopy() = default;

Result<bool> MessageCopy::step() { return run_->step(); }

const BulkCopied& MessageCopy::done() const { return run_->done(); }

Result<void> copy_messages(Account& account, const Caller& caller, const BulkCopy& job, BulkCopied& done) {
  MessageCopy copy(account, caller, job);
  Result<bool> goes_on = true;
  while (goes_on && *goes_on) goes_on = copy.step();
  done = copy.done();
  if (!goes_on) return std::unexpected(goes_on.error());
  return {};
}

bool is_sound_copy_note(std::string_view value) {
  if (value.size() < 8 || value.size() % 8 != 0) return false;
  std::uint64_t least = 1;
  for (value.remove_prefix(8); !value.empty(); value.remove_prefix(8)) {
    if (read_be32(value) < least || read_be32(value.substr(4)) < read_be32(value)) return false;
    least = std::uint64_t{read_be32(value.substr(4))} + 1;
  }
  return true;
}

Result<void> withdraw_broken_copies(StoredAccount& account) {
  std::vector<NotedCopy> broken;
  TRY_VOID(account.run(Caller::system(), StoredAccount::Loudness::quiet,
                       [&](AccountTransaction& transaction) -> Result<void> {
                         broken.clear();
                         const auto folders = transaction.folders();
                         return transaction.noted_copies([&](std::string_view copy, std::string_view value) {
                           broken.push_back(decode_note(copy, value, *folders));
                         });
                       }));
  for (const NotedCopy& noted : broken) {
    log::warn("account.copy_withdrawn",
              {{"account", account.id().value}, {"folder", noted.folder.value}, {"messages", noted.uids.size()}});
    TRY_VOID(withdraw(account, noted));
  }
  return {};
}

}  // namespace kontor::groupware
