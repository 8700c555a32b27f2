// SPDX-License-Identifier: AGPL-3.0-or-later
// Messages in and out of the queue. What administration does is in queue_commands.cc.
#include "transport/queue/stored_queue.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "transport/queue/queue_records.h"

namespace kontor::transport {

namespace record = queue_record;

namespace {

constexpr std::chrono::days kKnownFor{30};

std::string_view domain_of(std::string_view address) {
  auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

class PieceWriter final : public Queue::Writer {
 public:
  PieceWriter(store::Engine& engine, QueueContentId id)
      : engine_(engine), pieces_(std::make_shared<QueuePieces>(engine, id)) {}

  Result<void> write(std::string_view bytes) override {
    size_ += bytes.size();
    while (!bytes.empty()) {
      if (piece_.size() == record::kPieceBytes) TRY_VOID(store_piece());
      const std::size_t take = std::min(bytes.size(), record::kPieceBytes - piece_.size());
      piece_ += bytes.substr(0, take);
      bytes.remove_prefix(take);
    }
    return {};
  }

  Result<QueueContent> finish() override {
    QueueContent content{.id = pieces_->id, .size = size_, .only_piece = nullptr, .pieces = pieces_};
    if (pieces_->count == 0)
      content.only_piece = std::make_shared<const std::string>(std::move(piece_));
    else
      TRY_VOID(store_piece());
    return content;
  }

 private:
  // Lazily: what makes them count is a later, durable commit.
  Result<void> store_piece() {
    store::Batch batch;
    if (pieces_->count == 0) batch.put(record::upload_key(pieces_->id), "1");
    batch.put(record::piece_key(pieces_->id, pieces_->count), std::move(piece_), store::Space::content);
    ++pieces_->count;
    piece_.clear();
    return engine_.commit(store::kQueuePartition, batch, store::Durability::lazy);
  }

  store::Engine& engine_;
  std::shared_ptr<QueuePieces> pieces_;
  std::string piece_;
  std::uint64_t size_ = 0;
};

}  // namespace

void QueueNumbers::seen(std::uint64_t number) {
  std::lock_guard lock(mutex_);
  last_ = std::max(last_, number);
}

// The time is in it, so that a queue that ran empty gives no number twice.
std::uint64_t QueueNumbers::take() {
  constexpr int kPerSecondBits = 20;
  const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(clock_.now().time_since_epoch().count(), 1));
  std::lock_guard lock(mutex_);
  return last_ = std::max(last_ + 1, seconds << kPerSecondBits);
}

QueuePieces::~QueuePieces() {
  if (is_put || count == 0) return;
  store::Batch batch;
  batch.erase(record::upload_key(id));
  for (std::uint32_t i = 0; i < count; ++i) batch.erase(record::piece_key(id, i), store::Space::content);
  // Should it fail, the next start does the same.
  (void)engine.commit(store::kQueuePartition, batch, store::Durability::lazy);
}

Result<std::unique_ptr<Queue>> Queue::open(store::Engine& engine, const Clock& clock, QueueOptions options) {
  auto queue = std::make_unique<StoredQueue>(engine, clock, std::move(options));
  TRY_VOID(queue->load());
  return queue;
}

Result<std::unique_ptr<store::Snapshot>> StoredQueue::snapshot() { return engine_.snapshot(store::kQueuePartition); }

Result<void> StoredQueue::load() {
  TRY(std::unique_ptr<store::Snapshot> now, snapshot());
  std::vector<QueueContentId> uploads;
  TRY_VOID(now->scan("U", "V", [&](store::Key key, store::Value) {
    uploads.emplace_back(record::id_in(key));
    return true;
  }));
  std::vector<QueuedMessage> messages, done;
  TRY_VOID(now->scan("M", "N", [&](store::Key key, store::Value value) {
    const QueueId id(record::id_in(key));
    numbers_.seen(id.value);
    if (auto message = record::decode_message(id, value))
      messages.push_back(*std::move(message));
    else
      log::error("queue.damaged", {{"id", to_text(id)}, {"what", message.error().text}});
    return true;
  }));
  for (const QueuedMessage& message : messages) {
    numbers_.seen(message.content.value);
    auto listed = load_message(*now, message.id);
    if (!listed && listed.error().code != Errc::corrupt) return std::unexpected(listed.error());
    if (!listed) {
      log::error("queue.damaged", {{"id", to_text(message.id)}, {"what", listed.error().text}});
      continue;
    }
    index_.add(work_of(message, listed->recipients));
    if (index_.open_recipients(message.id) == 0) done.push_back(message);
  }
  for (QueueContentId id : uploads) {
    numbers_.seen(id.value);
    store::Batch batch;
    batch.erase(record::upload_key(id));
    const std::string prefix = record::piece_key(id, 0).substr(0, 9);
    TRY_VOID(now->scan(
        prefix, record::end_of(prefix),
        [&](store::Key key, store::Value) {
          batch.erase(std::string(key), store::Space::content);
          return true;
        },
        store::Space::content));
    TRY_VOID(engine_.commit(store::kQueuePartition, batch, store::Durability::lazy));
  }
  for (const QueuedMessage& message : done) remove_if_done(message);
  return forget_old(*now);
}

// Of those that nobody came back to.
Result<void> StoredQueue::forget_old(store::Snapshot& now) {
  store::Batch batch;
  bool is_any = false;
  TRY_VOID(now.scan("O", "P", [&](store::Key key, store::Value value) {
    if (record::once_time(value) > clock_.now() - kKnownFor) return true;
    batch.erase(std::string(key));
    return is_any = true;
  }));
  if (is_any) TRY_VOID(engine_.commit(store::kQueuePartition, batch, store::Durability::lazy));
  return {};
}

WorkState StoredQueue::work_state(const QueuedMessage& message, const QueuedRecipient& recipient) const {
  const Instant warned = std::max(message.arrived, message.release) + options_.warn_after;
  return {recipient.state, recipient.next, recipient.is_warned ? message.expires : std::min(warned, message.expires)};
}

WorkIndex::NewWork StoredQueue::work_of(const QueuedMessage& message,
                                        const std::vector<QueuedRecipient>& recipients) const {
  WorkIndex::NewWork work;
  work.id = message.id;
  work.content = message.content;
  work.size = message.size;
  work.arrived = message.arrived;
  for (const QueuedRecipient& recipient : recipients) {
    work.states.push_back(work_state(message, recipient));
    const std::string domain = to_lower(domain_of(recipient.address));
    work.destinations.push_back(options_.destination ? options_.destination(message, domain) : domain);
  }
  return work;
}

std::unique_ptr<Queue::Writer> StoredQueue::write() {
  return std::make_unique<PieceWriter>(engine_, QueueContentId(numbers_.take()));
}

Result<StoredQueue::Prepared> StoredQueue::prepare(std::vector<NewMessage> news, store::Batch& batch) {
  Prepared prepared;
  const Instant now = clock_.now();
  for (NewMessage& wanted : news) {
    if (wanted.recipients.empty()) return fail(Errc::invalid, "a message needs recipients");
    QueuedMessage message;
    static_cast<QueuedEnvelope&>(message) = std::move(wanted.envelope);
    message.id = QueueId(numbers_.take());
    message.arrived = now;
    const Instant first = std::max(message.release, now);
    if (message.expires == Instant()) message.expires = first + options_.lifetime;
    message.content = wanted.content.id;
    message.size = wanted.content.size;
    message.recipient_count = static_cast<std::uint32_t>(wanted.recipients.size());
    std::vector<QueuedRecipient> recipients;
    for (NewRecipient& one : wanted.recipients) {
      QueuedRecipient& recipient = recipients.emplace_back();
      static_cast<NewRecipient&>(recipient) = std::move(one);
      recipient.index = static_cast<std::uint32_t>(recipients.size() - 1);
      recipient.state = message.is_held ? RecipientState::held : RecipientState::waiting;
      recipient.next = first;
      batch.put(record::recipient_key(message.id, recipient.index), record::encode(recipient));
    }
    batch.put(record::message_key(message.id), record::encode(message));
    if (!wanted.once.empty()) {
      batch.expect(record::once_key(wanted.once), std::nullopt);
      batch.put(record::once_key(wanted.once), record::once_value(now));
    }
    if (wanted.content.only_piece && message.size > 0)
      batch.put(record::piece_key(message.content, 0), *wanted.content.only_piece, store::Space::content);
    else
      batch.erase(record::upload_key(message.content));
    prepared.contents.push_back(std::move(wanted.content.pieces));
    prepared.works.push_back(work_of(message, recipients));
    prepared.messages.push_back(std::move(message));
  }
  return prepared;
}

void StoredQueue::adopt(Prepared prepared) {
  for (WorkIndex::NewWork& work : prepared.works) index_.add(std::move(work));
  for (const auto& content : prepared.contents)
    if (content) std::static_pointer_cast<QueuePieces>(content)->is_put = true;
}

Result<std::vector<QueueId>> StoredQueue::put(std::vector<NewMessage> messages) {
  store::Batch batch;
  TRY(Prepared prepared, prepare(std::move(messages), batch));
  std::vector<QueueId> ids;
  for (const QueuedMessage& message : prepared.messages) ids.push_back(message.id);
  if (ids.empty()) return ids;
  TRY_VOID(engine_.commit(store::kQueuePartition, batch));
  for (const QueuedMessage& message : prepared.messages)
    log::info("queue.put", {{"id", to_text(message.id)},
                            {"from", message.sender},
                            {"recipients", message.recipient_count},
                            {"bytes", message.size},
                            {"origin", name(message.origin)},
                            {"cause", message.cause}});
  {
    std::lock_guard lock(mutex_);
    adopt(std::move(prepared));
  }
  notify();
  return ids;
}

Result<bool> StoredQueue::knows(std::string_view once) {
  TRY(const auto now, snapshot());
  TRY(const auto noted, now->get(record::once_key(once)));
  return noted.has_value();
}

Result<void> StoredQueue::forget(std::string_view once) {
  store::Batch batch;
  batch.erase(record::once_key(once));
  return engine_.commit(store::kQueuePartition, batch, store::Durability::lazy);
}

std::optional<Lease> StoredQueue::take(Instant now) {
  for (;;) {
    std::optional<WorkIndex::Work> work;
    {
      std::lock_guard lock(mutex_);
      work = index_.take(now, options_.recipients_at_once);
    }
    if (!work) return std::nullopt;
    if (auto lease = lease_of(std::move(work))) return lease;
  }
}

std::optional<Lease> StoredQueue::take_for(const std::string& destination, Instant now) {
  for (;;) {
    std::optional<WorkIndex::Work> work;
    {
      std::lock_guard lock(mutex_);
      work = index_.take_for(destination, now, options_.recipients_at_once);
    }
    if (!work) return std::nullopt;
    if (auto lease = lease_of(std::move(work))) return lease;
  }
}

std::optional<Lease> StoredQueue::take_late(const std::string& destination, Instant now, WorkPlace& place) {
  for (;;) {
    std::optional<WorkIndex::Work> work;
    {
      std::lock_guard lock(mutex_);
      work = index_.take_late(destination, now, options_.recipients_at_once, place);
    }
    if (!work) return std::nullopt;
    if (auto lease = lease_of(std::move(work))) return lease;
  }
}

// What is damaged stays leased: nobody stumbles over it again before the next start. What the store could not read just
// now comes again in a minute.
std::optional<Lease> StoredQueue::lease_of(std::optional<WorkIndex::Work> work) {
  auto read = [&]() -> Result<Lease> {
    TRY(std::unique_ptr<store::Snapshot> now, snapshot());
    TRY(auto bytes, now->get(record::message_key(work->id)));
    if (!bytes) return fail(Errc::corrupt, "the message is gone");
    TRY(QueuedMessage message, record::decode_message(work->id, *bytes));
    Lease lease;
    lease.message = std::make_shared<const QueuedMessage>(std::move(message));
    lease.destination = work->destination;
    for (std::uint32_t index : work->recipients) {
      TRY(auto value, now->get(record::recipient_key(work->id, index)));
      if (!value) return fail(Errc::corrupt, "a recipient is gone");
      TRY(QueuedRecipient recipient, record::decode_recipient(index, *value));
      lease.recipients.push_back(std::move(recipient));
    }
    return lease;
  };
  Result<Lease> lease = read();
  if (lease) return *std::move(lease);
  log::error("queue.damaged", {{"id", to_text(work->id)}, {"what", lease.error().text}});
  if (lease.error().code == Errc::corrupt) return std::nullopt;
  const Instant again = clock_.now() + std::chrono::minutes(1);
  std::vector<std::pair<std::uint32_t, WorkState>> states;
  std::lock_guard lock(mutex_);
  for (std::uint32_t index : work->recipients)
    states.emplace_back(index, WorkState{RecipientState::waiting, again, index_.state(work->id, index).late});
  index_.put_back(work->id, states);
  return std::nullopt;
}

std::optional<Instant> StoredQueue::next_due() const {
  std::lock_guard lock(mutex_);
  return index_.next_due();
}

void StoredQueue::pause(const std::string& destination, Instant until) {
  const Instant now = clock_.now();
  {
    std::lock_guard lock(mutex_);
    index_.pause(destination, until, now);
  }
  if (until <= now) notify();
}

void StoredQueue::on_work(std::function<void()> notify) {
  std::lock_guard lock(notify_mutex_);
  notify_ = std::move(notify);
}

void StoredQueue::notify() {
  std::lock_guard lock(notify_mutex_);
  if (notify_) notify_();
}

Result<std::vector<QueueId>> StoredQueue::settle(const Lease& lease, const std::vector<Settled>& outcomes,
                                                 std::vector<NewMessage> follow_ups) {
  const Instant now = clock_.now();
  store::Batch batch;
  TRY(Prepared prepared, prepare(std::move(follow_ups), batch));
  std::vector<QueueId> ids;
  for (const QueuedMessage& message : prepared.messages) ids.push_back(message.id);
  std::vector<QueuedRecipient> recipients = lease.recipients;
  for (QueuedRecipient& recipient : recipients) {
    auto outcome = std::ranges::find(outcomes, recipient.index, &Settled::index);
    if (outcome == outcomes.end()) {
      recipient.next = now;
      continue;
    }
    recipient.state = outcome->state;
    recipient.next = outcome->next;
    recipient.is_warned = recipient.is_warned || outcome->is_warned;
    if (outcome->was_attempted) ++recipient.attempts;
    recipient.last = outcome->last;
    if (recipient.state == RecipientState::delivered || recipient.state == RecipientState::failed)
      recipient.settled = now;
  }
  TRY_VOID(finish(*lease.message, recipients, std::move(batch), std::move(prepared)));
  return ids;
}

void StoredQueue::erase_message(const QueuedMessage& message, bool with_content, store::Batch& batch) const {
  batch.erase(record::message_key(message.id));
  for (std::uint32_t i = 0; i < message.recipient_count; ++i) batch.erase(record::recipient_key(message.id, i));
  if (!with_content) return;
  for (std::uint32_t i = 0; i < record::pieces_of(message.size); ++i)
    batch.erase(record::piece_key(message.content, i), store::Space::content);
}

// Where nobody else is about to write of this message and nothing of it will be open, one commit does all. Else the
// last of those that write takes it out afterwards.
Result<void> StoredQueue::finish(const QueuedMessage& message, const std::vector<QueuedRecipient>& recipients,
                                 store::Batch batch, Prepared follow_ups) {
  const auto finished =
      std::ranges::count_if(recipients, [](const QueuedRecipient& one) { return !WorkState{one.state, {}}.is_open(); });
  bool is_whole = false, with_content = false;
  {
    std::lock_guard lock(mutex_);
    std::uint32_t& writers = index_.writers(message.id);
    is_whole = writers == 0 && index_.open_recipients(message.id) == static_cast<std::uint32_t>(finished);
    with_content = is_whole && index_.is_only_user(message.id);
    ++writers;
  }
  if (is_whole)
    erase_message(message, with_content, batch);
  else
    for (const QueuedRecipient& one : recipients)
      batch.put(record::recipient_key(message.id, one.index), record::encode(one));
  Result<void> written = engine_.commit(store::kQueuePartition, batch);
  {
    std::lock_guard lock(mutex_);
    --index_.writers(message.id);
    if (!written) return written;
    std::vector<std::pair<std::uint32_t, WorkState>> states;
    for (const QueuedRecipient& one : recipients) states.emplace_back(one.index, work_state(message, one));
    index_.put_back(message.id, states);
    if (is_whole) index_.erase(message.id);
    adopt(std::move(follow_ups));
  }
  if (!is_whole) remove_if_done(message);
  notify();
  return {};
}

// Lazily: should it be lost, the next start does the same.
void StoredQueue::remove_if_done(const QueuedMessage& message) {
  store::Batch batch;
  {
    std::lock_guard lock(mutex_);
    if (!index_.has(message.id) || index_.open_recipients(message.id) > 0 || index_.writers(message.id) > 0) return;
    erase_message(message, index_.erase(message.id), batch);
  }
  if (auto erased = engine_.commit(store::kQueuePartition, batch, store::Durability::lazy); !erased)
    log::error("queue.not_removed", {{"id", to_text(message.id)}, {"what", erased.error().text}});
}

void StoredQueue::give_back(const Lease& lease) {
  {
    std::lock_guard lock(mutex_);
    std::vector<std::pair<std::uint32_t, WorkState>> states;
    for (const QueuedRecipient& one : lease.recipients)
      states.emplace_back(one.index, index_.state(lease.message->id, one.index));
    index_.put_back(lease.message->id, states);
  }
  notify();
}

Result<std::string> StoredQueue::read(QueueContentId content, std::uint64_t offset, std::size_t length) {
  TRY(std::unique_ptr<store::Snapshot> now, snapshot());
  std::string out;
  while (out.size() < length) {
    const auto number = static_cast<std::uint32_t>(offset / record::kPieceBytes);
    const std::size_t inside = offset % record::kPieceBytes;
    TRY(auto piece, now->get(record::piece_key(content, number), store::Space::content));
    if (!piece) {
      if (number == 0) return fail(Errc::not_found, "the message's content is gone");
      break;
    }
    if (inside >= piece->size()) break;
    std::string_view part = piece->substr(inside, length - out.size());
    out += part;
    offset += part.size();
    if (piece->size() < record::kPieceBytes) break;
  }
  return out;
}

QueueCounts StoredQueue::counts() const {
  std::lock_guard lock(mutex_);
  return index_.counts();
}

}  // namespace kontor::transport
