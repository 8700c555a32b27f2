// SPDX-License-Identifier: AGPL-3.0-or-later
// The queue in the store. docs/formats/queue.md.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "store/engine.h"
#include "transport/queue/queue.h"
#include "transport/queue/work_index.h"

namespace kontor::transport {

// The numbers of a queue: grow only, also from one process to the next. Of messages and of contents.
class QueueNumbers {
 public:
  explicit QueueNumbers(const Clock& clock) : clock_(clock) {}
  void seen(std::uint64_t number);
  std::uint64_t take();

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::uint64_t last_ = 0;
};

// Stored pieces that belong to no message: they go when nobody refers to this any more, unless they were put.
struct QueuePieces {
  QueuePieces(store::Engine& engine_, QueueContentId id_) : engine(engine_), id(id_) {}
  ~QueuePieces();
  QueuePieces(const QueuePieces&) = delete;
  QueuePieces& operator=(const QueuePieces&) = delete;

  store::Engine& engine;
  const QueueContentId id;
  std::uint32_t count = 0;
  bool is_put = false;
};

class StoredQueue final : public Queue {
 public:
  StoredQueue(store::Engine& engine, const Clock& clock, QueueOptions options)
      : engine_(engine), clock_(clock), options_(std::move(options)), numbers_(clock) {}
  Result<void> load();
  Result<void> forget_old(store::Snapshot& now);

  std::unique_ptr<Writer> write() override;
  Result<std::vector<QueueId>> put(std::vector<NewMessage> messages) override;
  Result<bool> knows(std::string_view once) override;
  Result<void> forget(std::string_view once) override;
  std::optional<Lease> take(Instant now) override;
  std::optional<Lease> take_for(const std::string& destination, Instant now) override;
  std::optional<Lease> take_late(const std::string& destination, Instant now, WorkPlace& place) override;
  std::optional<Instant> next_due() const override;
  void pause(const std::string& destination, Instant until) override;
  void on_work(std::function<void()> notify) override;
  Result<std::vector<QueueId>> settle(const Lease& lease, const std::vector<Settled>& outcomes,
                                      std::vector<NewMessage> follow_ups) override;
  void give_back(const Lease& lease) override;
  Result<std::string> read(QueueContentId content, std::uint64_t offset, std::size_t length) override;
  Result<std::uint64_t> retry(const QueueFilter& filter) override;
  Result<std::uint64_t> hold(const QueueFilter& filter) override;
  Result<std::uint64_t> release(const QueueFilter& filter) override;
  Result<std::uint64_t> remove(const QueueFilter& filter) override;
  Result<std::vector<QueueListed>> list(const QueueFilter& filter, std::size_t limit, QueueId after) override;
  Result<QueueListed> show(QueueId id) override;
  QueueCounts counts() const override;
  Result<std::vector<Fault>> check(bool repair) override;

 private:
  struct Prepared {
    std::vector<QueuedMessage> messages;
    std::vector<WorkIndex::NewWork> works;
    std::vector<std::shared_ptr<void>> contents;
  };
  // Adds the messages to the batch. Errors: invalid.
  Result<Prepared> prepare(std::vector<NewMessage> messages, store::Batch& batch);
  void adopt(Prepared prepared);  // after the commit; under the lock
  WorkIndex::NewWork work_of(const QueuedMessage& message, const std::vector<QueuedRecipient>& recipients) const;

  WorkState work_state(const QueuedMessage& message, const QueuedRecipient& recipient) const;
  std::optional<Lease> lease_of(std::optional<WorkIndex::Work> work);
  Result<QueueListed> load_message(store::Snapshot& snapshot, QueueId id);
  void erase_message(const QueuedMessage& message, bool with_content, store::Batch& batch) const;
  // Commits the new records of leased recipients, gives them back, and removes the message if that was all of it.
  Result<void> finish(const QueuedMessage& message, const std::vector<QueuedRecipient>& recipients, store::Batch batch,
                      Prepared follow_ups);
  void remove_if_done(const QueuedMessage& message);

  // What an administrator's command makes of a recipient: false leaves it as it is.
  using Change = std::function<bool(const QueuedMessage&, QueuedRecipient&)>;
  Result<std::uint64_t> change(const QueueFilter& filter, const Change& change, bool ends_pauses = false);
  Result<std::uint64_t> change_message(const QueueFilter& filter, QueueId id, const Change& change, bool ends_pauses);

  void notify();
  Result<std::unique_ptr<store::Snapshot>> snapshot();

  store::Engine& engine_;
  const Clock& clock_;
  const QueueOptions options_;
  QueueNumbers numbers_;
  mutable std::mutex mutex_;
  WorkIndex index_;
  std::mutex notify_mutex_;
  std::function<void()> notify_;
};

}  // namespace kontor::transport
