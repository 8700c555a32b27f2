// SPDX-License-Identifier: AGPL-3.0-or-later
// Who waits for what in the queue, in memory: by destination, and by time. For the queue, under its lock.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "transport/queue/queue.h"

namespace kontor::transport {

// Of one recipient.
struct WorkState {
  RecipientState state = RecipientState::waiting;
  Instant next{};
  Instant late = Instant::max();  // from then on its sender must hear something

  bool is_open() const { return state == RecipientState::waiting || state == RecipientState::held; }
};

// Not thread-safe. O(log n) in messages and destinations; linear in the recipients of the one message.
class WorkIndex {
 public:
  struct NewWork {
    QueueId id;
    QueueContentId content;
    std::uint64_t size = 0;
    Instant arrived{};
    std::vector<WorkState> states;          // by the recipient's index
    std::vector<std::string> destinations;  // the same
  };
  struct Work {
    QueueId id;
    std::string destination;
    std::vector<std::uint32_t> recipients;
  };

  void add(NewWork work);

  std::optional<Work> take(Instant now, std::size_t at_most);
  std::optional<Work> take_for(const std::string& destination, Instant now, std::size_t at_most);
  // Where a look through what a destination has is; to start with, WorkPlace().
  std::optional<Work> take_late(const std::string& destination, Instant now, std::size_t at_most, WorkPlace& place);
  std::optional<Instant> next_due() const;
  void pause(const std::string& destination, Instant until, Instant now);

  // Ends the pauses of the message's destinations, but for those without end.
  void hurry(QueueId id);

  // Leases the open recipients among `wanted` that nobody has.
  std::vector<std::uint32_t> claim(QueueId id, const std::vector<std::uint32_t>& wanted);

  // Gives leased recipients back with a new state.
  void put_back(QueueId id, const std::vector<std::pair<std::uint32_t, WorkState>>& recipients);
  WorkState state(QueueId id, std::uint32_t recipient) const;
  bool is_leased(QueueId id, std::uint32_t recipient) const;
  bool has(QueueId id) const { return entries_.contains(id); }

  // How many are open, leased or not.
  std::uint32_t open_recipients(QueueId id) const;
  // Commits about the message that are under way.
  std::uint32_t& writers(QueueId id) { return entries_.at(id).writers; }

  // Takes out a message of which nothing is open any more. True if its content belongs to no other message.
  bool erase(QueueId id);
  // Whether nobody else has the message's content.
  bool is_only_user(QueueId id) const;

  QueueCounts counts() const;

 private:
  struct Destination {
    std::string name;
    std::set<std::pair<Instant, QueueId>> due;
    Instant not_before{};
    std::size_t users = 0;       // recipients that are open
    std::optional<Instant> key;  // in ready_
  };
  struct Slot {
    Destination* destination = nullptr;
    WorkState now;
    bool is_leased = false;
  };
  struct Entry {
    QueueContentId content;
    std::uint64_t size = 0;
    Instant arrived{};
    std::vector<Slot> slots;
    std::vector<std::pair<Destination*, Instant>> groups;  // what stands in Destination::due
    std::uint32_t writers = 0;
  };

  Destination& destination(const std::string& name);
  void drop_idle(Instant now);
  std::optional<Work> take_from(Destination& from, Instant now, std::size_t at_most);
  Work take_message(Destination& from, QueueId id, Instant now, std::size_t at_most);
  void regroup(QueueId id, Entry& entry, Destination& group);
  void reorder(Destination& destination);
  void leave(Destination& destination);  // one of its recipients is open no more
  void count(const Slot& slot, int by);

  std::map<QueueId, Entry> entries_;
  std::unordered_map<std::string, std::unique_ptr<Destination>> destinations_;
  std::size_t drop_at_ = 1000;  // how many destinations make drop_idle() worth while
  std::set<std::pair<Instant, Destination*>> ready_;
  std::unordered_map<QueueContentId, std::uint32_t> users_;
  QueueCounts counts_;
};

}  // namespace kontor::transport
