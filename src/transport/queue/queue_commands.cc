// SPDX-License-Identifier: AGPL-3.0-or-later
// What administration does with the queue: look at it, change recipients by a filter, check the records.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "transport/queue/queue_records.h"
#include "transport/queue/stored_queue.h"

namespace kontor::transport {

namespace record = queue_record;

namespace {

bool is_matched(std::string_view pattern, std::string_view address) {
  if (pattern.empty()) return true;
  if (pattern.starts_with('@'))
    return address.size() > pattern.size() && iequals(address.substr(address.size() - pattern.size()), pattern);
  return iequals(pattern, address);
}

bool is_about(const QueueFilter& filter, const QueuedMessage& message) {
  if (filter.id && *filter.id != message.id) return false;
  if (filter.tenant && *filter.tenant != message.tenant) return false;
  if (filter.is_quarantine && message.origin != Origin::quarantine) return false;
  return is_matched(filter.sender, message.sender);
}

// What was released from quarantine is on its way like all else.
bool is_about(const QueueFilter& filter, const QueuedMessage& message, const QueuedRecipient& recipient) {
  const bool is_quarantined = message.origin == Origin::quarantine && recipient.state == RecipientState::held;
  return is_quarantined == filter.is_quarantine && is_matched(filter.recipient, recipient.address) &&
         (!filter.state || *filter.state == recipient.state);
}

}  // namespace

Result<QueueListed> StoredQueue::load_message(store::Snapshot& snapshot, QueueId id) {
  TRY(auto bytes, snapshot.get(record::message_key(id)));
  if (!bytes) return fail(Errc::not_found, fmt::format("There is no message {} in the queue", to_text(id)));
  QueueListed listed;
  TRY(listed.message, record::decode_message(id, *bytes));
  const std::string prefix = record::recipients_of(id);
  Result<void> state;
  TRY_VOID(snapshot.scan(prefix, record::end_of(prefix), [&](store::Key key, store::Value value) {
    auto recipient = record::decode_recipient(record::index_in(key), value);
    if (recipient)
      listed.recipients.push_back(*std::move(recipient));
    else
      state = std::unexpected(recipient.error());
    return state.has_value();
  }));
  if (!state) return std::unexpected(state.error());
  if (listed.recipients.size() != listed.message.recipient_count ||
      (!listed.recipients.empty() && listed.recipients.back().index + 1 != listed.message.recipient_count))
    return fail(Errc::corrupt, "recipients are missing");
  return listed;
}

Result<QueueListed> StoredQueue::show(QueueId id) {
  TRY(std::unique_ptr<store::Snapshot> now, snapshot());
  return load_message(*now, id);
}

Result<std::vector<QueueListed>> StoredQueue::list(const QueueFilter& filter, std::size_t limit, QueueId after) {
  TRY(std::unique_ptr<store::Snapshot> now, snapshot());
  std::vector<QueueListed> out;
  const QueueId first = filter.id ? *filter.id : QueueId(after.value + 1);
  if (filter.id && *filter.id <= after) return out;
  QueueId next = first;
  while (out.size() < limit) {
    // A bounded piece at a time: a scan must not ask its snapshot for more.
    std::vector<QueueId> ids;
    TRY_VOID(now->scan(record::message_key(next), "N", [&](store::Key key, store::Value value) {
      const QueueId id(record::id_in(key));
      auto message = record::decode_message(id, value);
      if (message && is_about(filter, *message)) ids.push_back(id);
      next = QueueId(id.value + 1);
      return ids.size() < 256 && !filter.id;
    }));
    for (QueueId id : ids) {
      auto listed = load_message(*now, id);
      if (!listed) {
        log::error("queue.damaged", {{"id", to_text(id)}, {"what", listed.error().text}});
        continue;
      }
      if (std::ranges::any_of(listed->recipients,
                              [&](const auto& one) { return is_about(filter, listed->message, one); }))
        out.push_back(*std::move(listed));
      if (out.size() == limit) break;
    }
    if (ids.size() < 256) break;
  }
  return out;
}

Result<std::uint64_t> StoredQueue::change_message(const QueueFilter& filter, QueueId id, const Change& change,
                                                  bool ends_pauses) {
  TRY(QueueListed listed, show(id));
  if (!is_about(filter, listed.message)) return 0;
  std::vector<std::uint32_t> wanted;
  for (const QueuedRecipient& one : listed.recipients)
    if (is_about(filter, listed.message, one)) wanted.push_back(one.index);
  std::vector<std::uint32_t> claimed;
  {
    std::lock_guard lock(mutex_);
    claimed = index_.claim(id, wanted);
  }
  if (claimed.empty()) return 0;
  Lease lease;
  lease.message = std::make_shared<const QueuedMessage>(listed.message);
  std::vector<QueuedRecipient> changed;
  std::uint64_t count = 0;
  // Read again: they may have been settled before they were claimed.
  auto now = show(id);
  for (std::uint32_t index : claimed) {
    QueuedRecipient one = now ? now->recipients.at(index) : listed.recipients.at(index);
    lease.recipients.push_back(one);
    if (now && is_about(filter, listed.message, one) && change(listed.message, one)) ++count;
    changed.push_back(std::move(one));
  }
  if (count == 0) {
    give_back(lease);
    return 0;
  }
  if (ends_pauses) {
    std::lock_guard lock(mutex_);
    index_.hurry(id);
  }
  if (auto done = finish(listed.message, changed, {}, {}); !done) {
    give_back(lease);
    return std::unexpected(done.error());
  }
  return count;
}

Result<std::uint64_t> StoredQueue::change(const QueueFilter& filter, const Change& change, bool ends_pauses) {
  if (filter.id) return change_message(filter, *filter.id, change, ends_pauses);
  std::uint64_t count = 0;
  QueueId after;
  for (;;) {
    TRY(std::vector<QueueListed> some, list(filter, 256, after));
    if (some.empty()) return count;
    for (const QueueListed& one : some) {
      after = one.message.id;
      auto changed = change_message(filter, one.message.id, change, ends_pauses);
      if (!changed && changed.error().code != Errc::not_found) return changed;
      count += changed.value_or(0);
    }
  }
}

Result<std::uint64_t> StoredQueue::retry(const QueueFilter& filter) {
  return change(
      filter,
      [now = clock_.now()](const QueuedMessage& message, QueuedRecipient& one) {
        if (one.state != RecipientState::waiting) return false;
        one.next = std::max(now, message.release);
        return true;
      },
      true);
}

Result<std::uint64_t> StoredQueue::hold(const QueueFilter& filter) {
  return change(filter, [](const QueuedMessage& message, QueuedRecipient& one) {
    // Held, what was released would be in quarantine again, where its time may be over.
    if (one.state != RecipientState::waiting || message.origin == Origin::quarantine) return false;
    one.state = RecipientState::held;
    return true;
  });
}

Result<std::uint64_t> StoredQueue::release(const QueueFilter& filter) {
  return change(filter, [now = clock_.now()](const QueuedMessage& message, QueuedRecipient& one) {
    if (one.state != RecipientState::held) return false;
    one.state = RecipientState::waiting;
    one.next = std::max(now, message.release);
    return true;
  });
}

Result<std::uint64_t> StoredQueue::remove(const QueueFilter& filter) {
  return change(filter, [now = clock_.now()](const QueuedMessage&, QueuedRecipient& one) {
    if (!WorkState{one.state, {}}.is_open()) return false;
    one.state = RecipientState::failed;
    one.settled = now;
    one.last = {.code = 0, .enhanced = "", .text = "Removed by an administrator", .host = ""};
    return true;
  });
}

Result<std::vector<Queue::Fault>> StoredQueue::check(bool repair) {
  TRY(std::unique_ptr<store::Snapshot> now, snapshot());
  std::vector<Fault> faults;
  std::vector<QueueId> ids;
  auto fault = [&](QueueId id, std::string what) {
    faults.push_back({fmt::format("queue, message {}", to_text(id)), std::move(what), false});
  };
  TRY_VOID(now->scan("M", "N", [&](store::Key key, store::Value) {
    ids.emplace_back(record::id_in(key));
    return true;
  }));
  for (QueueId id : ids) {
    auto listed = load_message(*now, id);
    if (!listed) {
      fault(id, listed.error().text);
      continue;
    }
    const QueuedMessage& message = listed->message;
    std::uint64_t bytes = 0;
    for (std::uint32_t i = 0; i < record::pieces_of(message.size); ++i) {
      TRY(auto piece, now->get(record::piece_key(message.content, i), store::Space::content));
      if (piece) bytes += piece->size();
    }
    if (bytes != message.size) fault(id, fmt::format("its content has {} bytes instead of {}", bytes, message.size));
  }
  store::Batch repairs;
  QueueId last;
  TRY_VOID(now->scan("R", "S", [&](store::Key key, store::Value) {
    const QueueId id(record::id_in(key));
    if (std::ranges::binary_search(ids, id)) return true;
    if (id != last) fault(id, "recipients are there, but no message");
    last = id;
    if (repair) faults.back().repaired = true;
    repairs.erase(std::string(key));
    return true;
  }));
  if (repair && !repairs.empty()) TRY_VOID(engine_.commit(store::kQueuePartition, repairs));
  return faults;
}

}  // namespace kontor::transport
