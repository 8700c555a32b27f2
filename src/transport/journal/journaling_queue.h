// SPDX-License-Identifier: AGPL-3.0-or-later
// The queue as everybody but the sender's reports sees it: whatever is put is copied to the archives of the tenants
// that have to do with it, in the same commit.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "transport/journal/journal.h"

namespace kontor::transport {

// Thread-safe, as the queue that it owns.
class JournalingQueue final : public Queue {
 public:
  // `directory` and `clock` must outlive it.
  JournalingQueue(std::unique_ptr<Queue> queue, directory::Directory& directory, const Clock& clock,
                  std::string hostname);

  // For mail that does not come by put().
  const Journal& journal() const { return journal_; }

  std::unique_ptr<Writer> write() override { return queue_->write(); }
  Result<std::vector<QueueId>> put(std::vector<NewMessage> messages) override;
  Result<bool> knows(std::string_view once) override { return queue_->knows(once); }
  Result<void> forget(std::string_view once) override { return queue_->forget(once); }
  std::optional<Lease> take(Instant now) override { return queue_->take(now); }
  std::optional<Lease> take_for(const std::string& destination, Instant now) override {
    return queue_->take_for(destination, now);
  }
  std::optional<Lease> take_late(const std::string& destination, Instant now, WorkPlace& place) override {
    return queue_->take_late(destination, now, place);
  }
  std::optional<Instant> next_due() const override { return queue_->next_due(); }
  void pause(const std::string& destination, Instant until) override { queue_->pause(destination, until); }
  void on_work(std::function<void()> notify) override { queue_->on_work(std::move(notify)); }
  Result<std::vector<QueueId>> settle(const Lease& lease, const std::vector<Settled>& outcomes,
                                      std::vector<NewMessage> follow_ups = {}) override;
  void give_back(const Lease& lease) override { queue_->give_back(lease); }
  Result<std::string> read(QueueContentId content, std::uint64_t offset, std::size_t length) override {
    return queue_->read(content, offset, length);
  }
  Result<std::uint64_t> retry(const QueueFilter& filter) override { return queue_->retry(filter); }
  Result<std::uint64_t> hold(const QueueFilter& filter) override { return queue_->hold(filter); }
  Result<std::uint64_t> release(const QueueFilter& filter) override { return queue_->release(filter); }
  Result<std::uint64_t> remove(const QueueFilter& filter) override { return queue_->remove(filter); }
  Result<std::vector<QueueListed>> list(const QueueFilter& filter, std::size_t limit, QueueId after = {}) override {
    return queue_->list(filter, limit, after);
  }
  Result<QueueListed> show(QueueId id) override { return queue_->show(id); }
  QueueCounts counts() const override { return queue_->counts(); }
  Result<std::vector<Fault>> check(bool repair) override { return queue_->check(repair); }

 private:
  // Behind the messages, those that bring their copies. Returns how many there were.
  Result<std::size_t> add_reports(std::vector<NewMessage>& messages);

  std::unique_ptr<Queue> queue_;
  Journal journal_;
};

}  // namespace kontor::transport
