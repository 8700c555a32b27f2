// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/stored_account.h"

#include <algorithm>
#include <thread>

#include "base/digest.h"
#include "base/log.h"
#include "groupware/keys.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kUpdatesPerCommit = 64;
constexpr int kAttempts = 100;

// Who has only these sees nothing of an account.
constexpr std::uint32_t kBusyRights = right::kFreeBusy | right::kFreeBusyDetails;

Notice notice_of(const Layer& layer, Modseq modseq) {
  Notice notice;
  notice.modseq = modseq;
  std::set<FolderId> folders = layer.log.touched;
  folders.insert(layer.log.folders_removed.begin(), layer.log.folders_removed.end());
  notice.folders.assign(folders.begin(), folders.end());
  notice.folder_list_changed = layer.log.folder_list_changed;
  return notice;
}

}  // namespace

class StoredAccount::Watching : public Watch {
 public:
  Watching(std::shared_ptr<StoredAccount> account, std::uint64_t number)
      : account_(std::move(account)), number_(number) {}
  ~Watching() override {
    std::lock_guard lock(account_->watchers_mutex_);
    account_->watchers_.erase(number_);
  }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

 private:
  std::shared_ptr<StoredAccount> account_;
  std::uint64_t number_;
};

StoredAccount::StoredAccount(Environment& environment, AccountId id, TenantId tenant,
                             std::shared_ptr<const Moment> moment)
    : environment_(environment),
      id_(id),
      tenant_(tenant),
      partition_(store::account_partition(id)),
      moment_(std::move(moment)) {}

std::shared_ptr<const Moment> StoredAccount::moment() const {
  std::lock_guard lock(moment_mutex_);
  return moment_;
}

ActiveScript StoredAccount::active_script() const {
  const std::shared_ptr<const Moment> present = moment();
  return {present->record.active_script, present->record.scripts_changed};
}

Result<std::unique_ptr<Reader>> StoredAccount::read(const Caller& caller) {
  Ownership ownership = ownership_of(environment_, id_, tenant_, caller);
  std::shared_ptr<const Moment> present = moment();
  if (!ownership.is_full && ownership.everywhere == 0) {
    bool sees_any =
        std::any_of(present->folders->all().begin(), present->folders->all().end(),
                    [&](const auto& folder) { return (rights_on(*folder, ownership, caller) & ~kBusyRights) != 0; });
    if (!sees_any) return fail(Errc::denied, "you may not see this account");
  }
  Layer layer(std::move(present), [this] { return environment_.engine.snapshot(partition_); });
  return std::make_unique<Reading<Reader>>(environment_, ownership, caller, std::move(layer));
}

std::uint32_t StoredAccount::rights(const Caller& caller, FolderId folder) const {
  const FolderTable::Pointer found = moment()->folders->find(folder);
  return found ? rights_on(*found, ownership_of(environment_, id_, tenant_, caller), caller) : 0;
}

Result<Modseq> StoredAccount::update(const Caller& caller, const std::function<Result<void>(Transaction&)>& change) {
  return run(caller, Loudness::loud, [&](AccountTransaction& transaction) { return change(transaction); });
}

Result<Uid> StoredAccount::claim_recent(const Caller& caller, FolderId folder) {
  TRY(std::unique_ptr<Reader> reader, read(caller));
  TRY(std::shared_ptr<const Folder> present, reader->folder(folder));
  if ((reader->rights(folder) & right::kRead) == 0) return fail(Errc::denied, "you may not read this folder");
  if (present->first_recent == present->next_uid) return present->next_uid;
  Uid first = present->next_uid;
  Result<Modseq> taken = run(caller, Loudness::quiet, [&](AccountTransaction& transaction) -> Result<void> {
    first = transaction.take_recent(folder);
    return {};
  });
  // A disk without room must not keep anyone from reading: then the same messages are recent once more.
  if (!taken && taken.error().code == Errc::unavailable) return present->first_recent;
  if (!taken) return std::unexpected(taken.error());
  return first;
}

Result<Modseq> StoredAccount::run(const Caller& caller, Loudness loudness, const Change& change) {
  Pending pending{caller, loudness, change, Modseq(), nullptr};
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&pending);
  if (!is_led_ && exclusives_waiting_ == 0) is_led_ = pending.leads = true;  // then nobody else is in the queue
  pending.moved.wait(lock, [&] { return pending.done || pending.leads; });
  // It was the first in the queue: it carries itself, too.
  if (!pending.done) lead(lock);
  lock.unlock();
  if (pending.thrown) std::rethrow_exception(pending.thrown);
  return std::move(pending.result);
}

Result<void> StoredAccount::exclusively(const std::function<Result<void>()>& work) {
  std::unique_lock lock(queue_mutex_);
  ++exclusives_waiting_;
  left_alone_.wait(lock, [&] { return !is_led_; });
  --exclusives_waiting_;
  is_led_ = true;
  lock.unlock();
  Result<void> result;
  try {
    result = work();
    environment_.views.drop(id_);
    Result<std::unique_ptr<store::Snapshot>> snapshot = environment_.engine.snapshot(partition_);
    if (snapshot)
      if (auto fresh = load_moment(**snapshot)) {
        std::lock_guard moment_lock(moment_mutex_);
        moment_ = *std::move(fresh);
      }
  } catch (...) {
    lock.lock();
    hand_over();
    throw;
  }
  lock.lock();
  hand_over();
  return result;
}

// Lets the next one lead, if someone waits. Called by the one that led, with the queue locked.
void StoredAccount::hand_over() {
  is_led_ = false;
  if (exclusives_waiting_ != 0) {
    left_alone_.notify_one();
  } else if (!queue_.empty()) {
    is_led_ = true;
    queue_.front()->leads = true;
    queue_.front()->moved.notify_one();
  }
}

// Carries the first waiting updates to the store. Called and left with the queue locked.
void StoredAccount::lead(std::unique_lock<std::mutex>& lock) {
  std::vector<Pending*> batch;
  while (!queue_.empty() && batch.size() < kUpdatesPerCommit) {
    batch.push_back(queue_.front());
    queue_.pop_front();
  }
  lock.unlock();
  try {
    commit(batch);
  } catch (...) {
    for (Pending* pending : batch) pending->thrown = std::current_exception();
  }
  lock.lock();
  // Under the lock: whoever sees that it is done takes its Pending away.
  for (Pending* pending : batch) {
    pending->done = true;
    if (!pending->leads) pending->moved.notify_one();
  }
  hand_over();
}

void StoredAccount::commit(const std::vector<Pending*>& batch) {
  Result<void> outcome;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    outcome = try_commit(batch);
    if (outcome || outcome.error().code != Errc::conflict) break;
    // Another node was first: begin again from what it left, after a pause of random length, so that two that are
    // equally busy do not keep each other out.
    if (attempt > 0)
      std::this_thread::sleep_for(std::chrono::microseconds(random_u64() % (100ULL << std::min(attempt, 8))));
    Result<std::unique_ptr<store::Snapshot>> snapshot = environment_.engine.snapshot(partition_);
    if (!snapshot) {
      outcome = std::unexpected(snapshot.error());
      break;
    }
    Result<std::shared_ptr<const Moment>> fresh = load_moment(**snapshot);
    if (!fresh) {
      outcome = std::unexpected(fresh.error());
      break;
    }
    std::lock_guard lock(moment_mutex_);
    moment_ = *std::move(fresh);
  }
  if (outcome) return;
  // What is damaged concerns the updates that meet it, not those that were carried with them.
  if (outcome.error().code == Errc::corrupt && batch.size() > 1) {
    for (Pending* pending : batch) {
      try {
        commit({pending});
      } catch (...) {
        pending->thrown = std::current_exception();  // of this one: others are committed already
      }
    }
    return;
  }
  log::error("account.commit_failed", {{"account", id_.value}, {"reason", outcome.error().text}});
  for (Pending* pending : batch)
    if (pending->result && !pending->thrown) pending->result = std::unexpected(outcome.error());
}

Result<void> StoredAccount::try_commit(const std::vector<Pending*>& batch) {
  std::shared_ptr<const Moment> before = moment();
  Layer bottom(before, [this] { return environment_.engine.snapshot(partition_); });
  std::vector<Notice> notices;
  bool is_loud = false;
  for (Pending* pending : batch) {
    TRY(std::optional<Notice> notice, apply(*pending, bottom));
    is_loud = is_loud || (notice && pending->loudness == Loudness::loud);
    if (notice && pending->loudness == Loudness::loud) notices.push_back(*std::move(notice));
  }
  if (!bottom.is_dirty()) return {};
  std::shared_ptr<const Moment> after = bottom.to_moment();
  TRY_VOID(bottom.pack_flags());
  bottom.release();
  store::Batch changes = bottom.take_batch();
  changes.put(key::account(), after->record_bytes);
  changes.expect(key::account(), before->record_bytes.empty() ? std::nullopt : std::optional(before->record_bytes));
  TRY_VOID(
      environment_.engine.commit(partition_, changes, is_loud ? store::Durability::durable : store::Durability::lazy));
  {
    // Whoever found a new view in the cache must not be given the former moment after that.
    std::lock_guard lock(moment_mutex_);
    show_views(bottom, *before, *after);
    moment_ = std::move(after);
  }
  tell(notices);
  if (environment_.texts && !notices.empty()) environment_.texts->note(id_);
  if (bottom.grants_dirty) forget_shares();
  if (bottom.dooms) environment_.tidy(id_);
  if (bottom.teaches) environment_.teach(id_);
  if (bottom.alarm) environment_.alarm(id_, *bottom.alarm);
  if (bottom.push) environment_.push(id_, *bottom.push);
  if (bottom.feeds) environment_.feed(id_);
  return {};
}

// Before a commit that gives rights: who gets them finds the account by the directory's note of it, which may say more
// than is true, never less.
Result<void> StoredAccount::note_shares(const FolderTable& folders) {
  directory::Shares noted = environment_.directory.shares(id_);
  const directory::Shares wanted = shares_of(folders);
  if (directory::covers(noted, wanted)) return {};
  for (const directory::Share& share : wanted) directory::add_share(noted, share);
  return environment_.directory.set_shares(id_, noted);
}

// After a commit: what was taken away. If it fails, the next such commit does it.
void StoredAccount::forget_shares() {
  const directory::Shares present = shares_of(*moment()->folders);
  if (environment_.directory.shares(id_) == present) return;
  if (Result<void> forgot = environment_.directory.set_shares(id_, present); !forgot)
    log::warn("account.shares_not_forgotten", {{"account", id_.value}, {"reason", forgot.error().text}});
}

// Runs one update on a layer of its own. Nothing if it failed or wrote nothing; its own error stays in its result.
Result<std::optional<Notice>> StoredAccount::apply(Pending& pending, Layer& bottom) {
  Ownership ownership = ownership_of(environment_, id_, tenant_, pending.caller);
  AccountTransaction transaction(environment_, ownership, pending.caller, Layer(&bottom));
  pending.thrown = nullptr;
  try {
    if (Result<void> changed = pending.change(transaction); !changed) {
      pending.result = std::unexpected(changed.error());
      return std::nullopt;
    }
    if (Result<void> settled = transaction.settle_attachments(); !settled) {
      pending.result = std::unexpected(settled.error());
      return std::nullopt;
    }
  } catch (...) {
    pending.thrown = std::current_exception();
    return std::nullopt;
  }
  Layer& layer = transaction.layer();
  pending.result = layer.record.modseq;
  if (!layer.is_dirty()) return std::nullopt;
  if (!layer.blobs().empty()) bottom.release();
  for (const Layer::BlobUse& use : layer.blobs()) {
    if (Result<void> noted = environment_.blobs.refer(use.tenant, use.hash, id_); !noted) {
      pending.result = std::unexpected(noted.error());
      return std::nullopt;
    }
  }
  if (layer.grants_dirty) {
    bottom.release();
    if (Result<void> noted = note_shares(*layer.folders()); !noted) {
      pending.result = std::unexpected(noted.error());
      return std::nullopt;
    }
  }
  Modseq number = transaction.number();
  if (pending.loudness == Loudness::quiet) {
    layer.seal_quietly();
  } else {
    layer.seal(number, environment_.clock.now(), environment_.options.log_commits);
    pending.result = number;
  }
  Notice notice = notice_of(layer, number);
  notice.session = pending.caller.session;
  bottom.absorb(std::move(layer));
  return notice;
}

// Brings the cached views of the touched folders to the new state, so that nobody has to read them again.
void StoredAccount::show_views(const Layer& bottom, const Moment& before, const Moment& after) {
  for (const auto& [id, delta] : bottom.views) {
    FolderTable::Pointer was = before.folders->find(id);
    FolderTable::Pointer is = after.folders->find(id);
    if (!was || !is) {
      environment_.views.drop(id_, id);
      continue;
    }
    std::shared_ptr<const FolderView> view = environment_.views.find(id_, id, was->highest);
    if (!view || view->modseq() >= is->highest) continue;
    std::vector<FolderView::Put> puts;
    std::vector<Uid> removed;
    for (const auto& [uid, put] : delta) {
      if (put)
        puts.push_back(*put);
      else
        removed.push_back(uid);
    }
    environment_.views.put(id_, id, view->with(puts, removed, is->highest));
  }
}

void StoredAccount::tell(const std::vector<Notice>& notices) {
  std::lock_guard lock(watchers_mutex_);
  for (const Notice& notice : notices)
    for (const auto& [number, notify] : watchers_) notify(notice);
}

std::unique_ptr<Watch> StoredAccount::watch(std::function<void(const Notice&)> notify) {
  std::lock_guard lock(watchers_mutex_);
  std::uint64_t number = next_watcher_++;
  watchers_.emplace(number, std::move(notify));
  return std::make_unique<Watching>(shared_from_this(), number);
}

}  // namespace kontor::groupware
