// SPDX-License-Identifier: AGPL-3.0-or-later
// One account: its present moment, the queue of its updates, its watchers.
//
// Updates that arrive while a commit is under way wait; one of the waiting threads then carries them all to the store
// in one commit. So an account takes as many updates per second as its commits can hold, not as the disk can sync.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>

#include "groupware/environment.h"
#include "groupware/layer.h"
#include "groupware/transaction.h"

namespace kontor::groupware {

class StoredAccount final : public Account, public std::enable_shared_from_this<StoredAccount> {
 public:
  using Change = std::function<Result<void>(AccountTransaction&)>;
  enum class Loudness : std::uint8_t { loud, quiet };  // quiet: no modseq, no watcher, no sync to disk

  StoredAccount(Environment& environment, AccountId id, TenantId tenant, std::shared_ptr<const Moment> moment);

  AccountId id() const override { return id_; }
  TenantId tenant() const override { return tenant_; }
  Result<std::unique_ptr<Reader>> read(const Caller& caller) override;
  Result<Modseq> update(const Caller& caller, const std::function<Result<void>(Transaction&)>& change) override;
  Result<Uid> claim_recent(const Caller& caller, FolderId folder) override;
  std::shared_ptr<const FolderTable> folders() const override { return moment()->folders; }
  std::uint32_t rights(const Caller& caller, FolderId folder) const override;
  Modseq modseq() const override { return moment()->record.modseq; }
  ActiveScript active_script() const override;
  std::unique_ptr<Watch> watch(std::function<void(const Notice&)> notify) override;

  Result<Modseq> run(const Caller& caller, Loudness loudness, const Change& change);
  // Runs `work` while no update runs, then reads the moment anew: for repairs that write past the transactions.
  Result<void> exclusively(const std::function<Result<void>()>& work);
  std::shared_ptr<const Moment> moment() const;

 private:
  // A waiting update. Lives on its caller's stack until `done`.
  struct Pending {
    const Caller& caller;
    Loudness loudness;
    const Change& change;
    Result<Modseq> result;
    std::exception_ptr thrown;
    bool done = false;
    bool leads = false;               // it is its turn to carry what waits
    std::condition_variable moved{};  // done or leads
  };
  class Watching;

  void lead(std::unique_lock<std::mutex>& lock);
  void hand_over();
  void commit(const std::vector<Pending*>& batch);
  // Errors: conflict (run it again), or what the store said.
  Result<void> try_commit(const std::vector<Pending*>& batch);
  Result<std::optional<Notice>> apply(Pending& pending, Layer& bottom);
  void show_views(const Layer& bottom, const Moment& before, const Moment& after);
  void tell(const std::vector<Notice>& notices);
  Result<void> note_shares(const FolderTable& folders);
  void forget_shares();

  Environment& environment_;
  const AccountId id_;
  const TenantId tenant_;
  const store::Partition partition_;

  mutable std::mutex moment_mutex_;
  std::shared_ptr<const Moment> moment_;

  std::mutex queue_mutex_;
  std::condition_variable left_alone_;  // nobody leads: for exclusively()
  std::deque<Pending*> queue_;
  bool is_led_ = false;
  std::size_t exclusives_waiting_ = 0;

  std::mutex watchers_mutex_;
  std::map<std::uint64_t, std::function<void(const Notice&)>> watchers_;
  std::uint64_t next_watcher_ = 1;
};

}  // namespace kontor::groupware
