// SPDX-License-Identifier: AGPL-3.0-or-later
// The queue: messages on their way out, durable in the store.
//
// Invariants: 1. put() is durable as a whole or nothing of it is there; 2. what settle() says of a recipient is durable
// when it returns, together with the messages that follow from it (a bounce is never lost and never sent twice); 3. a
// recipient is leased to one worker at a time, and leases die with the process: after a crash it is waiting again,
// which is the one way in which a recipient can get a message twice; 4. a message is gone once no recipient is waiting
// or held, its content once no message has it.
//
// Order of work is kept in memory, by destination: what is due is found in O(log n) without reading the store.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "transport/queue/message.h"

namespace kontor::store {
class Engine;
}

namespace kontor::transport {

struct QueueOptions {
  std::chrono::seconds lifetime{std::chrono::days(5)};     // then a recipient that is still waiting fails
  std::chrono::seconds warn_after{std::chrono::hours(4)};  // then its sender should have been told
  std::uint32_t recipients_at_once = 100;                  // of one lease
  // Where a message for this recipient is queued up: what shares a next hop shares limits. The domain where it is
  // empty. Called under the queue's lock, and for all waiting recipients at the start.
  std::function<std::string(const QueuedEnvelope&, std::string_view domain)> destination = {};
};

// Content that was taken completely and belongs to no message yet. Copyable: several messages of one put() may share
// it. It goes with its last copy, unless it was put. Not to outlive the queue.
struct QueueContent {
  QueueContentId id;
  std::uint64_t size = 0;
  std::shared_ptr<const std::string> only_piece;  // not stored before put()
  std::shared_ptr<void> pieces;                   // holds what is stored already
};

struct NewMessage {
  QueuedEnvelope envelope;
  std::vector<NewRecipient> recipients;  // at least one
  QueueContent content;
  // A name of its own, of any length, by which knows() tells that it was put; empty: it has none.
  std::string once = {};
};

// Some recipients of one message with one destination, for one worker.
struct Lease {
  std::shared_ptr<const QueuedMessage> message;
  std::string destination;
  std::vector<QueuedRecipient> recipients;
};

// A message within the order of a destination's work.
using WorkPlace = std::pair<Instant, QueueId>;

// How one leased recipient goes on.
struct Settled {
  std::uint32_t index = 0;
  RecipientState state = RecipientState::waiting;
  Instant next{};  // waiting: the next attempt
  bool is_warned = false;
  bool was_attempted = true;
  Attempted last;
};

struct QueueCounts {
  std::uint64_t messages = 0, bytes = 0;
  std::uint64_t waiting = 0, held = 0, leased = 0;  // recipients; those that are leased are not counted as waiting
  std::optional<Instant> oldest;
};

// Which messages a command is about; all of them must hold. Patterns are whole addresses, or "@domain".
struct QueueFilter {
  std::optional<QueueId> id;
  std::optional<TenantId> tenant;
  std::string sender, recipient;
  std::optional<RecipientState> state;
  bool is_quarantine = false;  // what is in quarantine, and was not released; false: all but that
};

struct QueueListed {
  QueuedMessage message;
  std::vector<QueuedRecipient> recipients;  // in order; also those that are settled
};

// Thread-safe. What is not marked "in memory" blocks: call it from a worker.
class Queue {
 public:
  // Reads what waits, and removes content of messages that were never put. All must outlive it. Errors: unavailable,
  // corrupt.
  static Result<std::unique_ptr<Queue>> open(store::Engine& engine, const Clock& clock, QueueOptions options = {});
  virtual ~Queue() = default;

  // Takes content in pieces; dropped without finish(), nothing remains. One thread at a time.
  class Writer {
   public:
    virtual ~Writer() = default;
    virtual Result<void> write(std::string_view bytes) = 0;
    virtual Result<QueueContent> finish() = 0;  // once
  };
  virtual std::unique_ptr<Writer> write() = 0;

  // Takes the messages over, in one durable commit, which concurrent calls share. Errors: unavailable (nothing was
  // taken), invalid (a message without recipients), conflict (one of that name was put already).
  virtual Result<std::vector<QueueId>> put(std::vector<NewMessage> messages) = 0;

  // Whether a message of that name (NewMessage::once) was put: noted in the commit that put it, so that whoever crashed
  // before he noted it himself does not put it again. The note goes when he has: forget(), or 30 days later.
  virtual Result<bool> knows(std::string_view once) = 0;
  virtual Result<void> forget(std::string_view once) = 0;

  // The earliest work that is due, and nobody's yet; or, with `destination`, of that destination alone. Nothing if
  // there is none. What cannot be read is logged and left to `kontor check`.
  virtual std::optional<Lease> take(Instant now) = 0;
  virtual std::optional<Lease> take_for(const std::string& destination, Instant now) = 0;
  // Of what is due for a destination that cannot be reached: the next message behind `place` whose sender must hear
  // something (its lifetime is over; or it waits longer than warn_after, and nobody was told). To start with, place is
  // WorkPlace().
  virtual std::optional<Lease> take_late(const std::string& destination, Instant now, WorkPlace& place) = 0;
  // In memory. When something may be due next, as far as is known now; nothing: not before the next put().
  virtual std::optional<Instant> next_due() const = 0;
  // In memory. The destination gives no work to take() before `until`; a time that is past ends that. take_for() is not
  // held up, and retry() ends a pause unless it is without end (Instant::max()).
  virtual void pause(const std::string& destination, Instant until) = 0;
  // In memory. Called, on any thread, when work may have become due: must be quick, and not call the queue. Never
  // called within take() or by a pause that begins. Replaces the former one.
  virtual void on_work(std::function<void()> notify) = 0;

  // Gives a lease back with the outcome of each recipient, and puts what follows from it (reports), in one durable
  // commit. Recipients without an outcome are due again at once. Errors: unavailable: then nothing changed and the
  // lease is still held; try again.
  virtual Result<std::vector<QueueId>> settle(const Lease& lease, const std::vector<Settled>& outcomes,
                                              std::vector<NewMessage> follow_ups = {}) = 0;
  // In memory. Gives it back as if it had not been taken.
  virtual void give_back(const Lease& lease) = 0;

  // Up to `length` bytes of a message's content from `offset`; fewer only at the end. Errors: not_found (it is gone),
  // corrupt, unavailable.
  virtual Result<std::string> read(QueueContentId content, std::uint64_t offset, std::size_t length) = 0;

  // For administration. Recipients that are leased, or settled, are left as they are; the number of recipients that
  // were changed is returned. retry: those that wait are due at once; as
  // with release(), not before the message's release.
  virtual Result<std::uint64_t> retry(const QueueFilter& filter) = 0;
  virtual Result<std::uint64_t> hold(const QueueFilter& filter) = 0;
  virtual Result<std::uint64_t> release(const QueueFilter& filter) = 0;  // held ones are due at once
  // Takes recipients out; nobody is told.
  virtual Result<std::uint64_t> remove(const QueueFilter& filter) = 0;
  // By age. Up to `limit` messages behind `after`.
  virtual Result<std::vector<QueueListed>> list(const QueueFilter& filter, std::size_t limit, QueueId after = {}) = 0;
  virtual Result<QueueListed> show(QueueId id) = 0;  // Errors: not_found

  virtual QueueCounts counts() const = 0;  // in memory

  // For `kontor check`: one sentence per fault. `repair`: what can be put right is. Only while nothing is sent.
  struct Fault {
    std::string where, what;
    bool repaired = false;
  };
  virtual Result<std::vector<Fault>> check(bool repair) = 0;
};

}  // namespace kontor::transport
