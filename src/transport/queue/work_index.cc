// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/queue/work_index.h"

#include <algorithm>

#include "base/result.h"

namespace kontor::transport {

WorkIndex::Destination& WorkIndex::destination(const std::string& name) {
  std::unique_ptr<Destination>& found = destinations_[name];
  if (!found) {
    found = std::make_unique<Destination>();
    found->name = name;
  }
  return *found;
}

void WorkIndex::count(const Slot& slot, int by) {
  auto add = [by](std::uint64_t& number) {
    number = static_cast<std::uint64_t>(static_cast<std::int64_t>(number) + by);
  };
  if (slot.is_leased)
    add(counts_.leased);
  else if (slot.now.state == RecipientState::waiting)
    add(counts_.waiting);
  else if (slot.now.state == RecipientState::held)
    add(counts_.held);
}

void WorkIndex::add(NewWork work) {
  Entry& entry = entries_[work.id];
  entry.content = work.content;
  entry.size = work.size;
  entry.arrived = work.arrived;
  entry.slots.reserve(work.states.size());
  std::set<Destination*> touched;
  for (std::size_t i = 0; i < work.states.size(); ++i) {
    Slot& slot = entry.slots.emplace_back();
    slot.now = work.states[i];
    if (!slot.now.is_open()) continue;
    slot.destination = &destination(work.destinations[i]);
    ++slot.destination->users;
    touched.insert(slot.destination);
    count(slot, 1);
  }
  ++users_[entry.content];
  ++counts_.messages;
  counts_.bytes += entry.size;
  for (Destination* one : touched) regroup(work.id, entry, *one);
}

// Puts the message where it belongs among what the destination waits for.
void WorkIndex::regroup(QueueId id, Entry& entry, Destination& group) {
  std::optional<Instant> first;
  for (const Slot& slot : entry.slots)
    if (slot.destination == &group && !slot.is_leased && slot.now.state == RecipientState::waiting)
      first = first ? std::min(*first, slot.now.next) : slot.now.next;
  auto at = std::ranges::find(entry.groups, &group, &std::pair<Destination*, Instant>::first);
  if (at != entry.groups.end()) {
    group.due.erase({at->second, id});
    if (first)
      at->second = *first;
    else
      entry.groups.erase(at);
  } else if (first) {
    entry.groups.emplace_back(&group, *first);
  }
  if (first) group.due.insert({*first, id});
  reorder(group);
}

void WorkIndex::reorder(Destination& destination) {
  std::optional<Instant> key;
  if (!destination.due.empty()) key = std::max(destination.due.begin()->first, destination.not_before);
  if (key == destination.key) return;
  if (destination.key) ready_.erase({*destination.key, &destination});
  if (key) ready_.insert({*key, &destination});
  destination.key = key;
}

void WorkIndex::leave(Destination& destination) {
  if (--destination.users == 0 && destination.not_before == Instant()) destinations_.erase(destination.name);
}

std::optional<WorkIndex::Work> WorkIndex::take(Instant now, std::size_t at_most) {
  if (ready_.empty() || ready_.begin()->first > now) return std::nullopt;
  return take_from(*ready_.begin()->second, now, at_most);
}

std::optional<WorkIndex::Work> WorkIndex::take_for(const std::string& name, Instant now, std::size_t at_most) {
  auto found = destinations_.find(name);
  if (found == destinations_.end()) return std::nullopt;
  return take_from(*found->second, now, at_most);
}

std::optional<WorkIndex::Work> WorkIndex::take_from(Destination& from, Instant now, std::size_t at_most) {
  if (from.due.empty() || from.due.begin()->first > now) return std::nullopt;
  return take_message(from, from.due.begin()->second, now, at_most);
}

std::optional<WorkIndex::Work> WorkIndex::take_late(const std::string& name, Instant now, std::size_t at_most,
                                                    WorkPlace& place) {
  auto found = destinations_.find(name);
  if (found == destinations_.end()) return std::nullopt;
  Destination& from = *found->second;
  for (auto at = from.due.upper_bound(place); at != from.due.end() && at->first <= now; ++at) {
    place = *at;
    const Entry& entry = entries_.at(at->second);
    const bool is_late = std::ranges::any_of(entry.slots, [&](const Slot& slot) {
      return slot.destination == &from && !slot.is_leased && slot.now.state == RecipientState::waiting &&
             slot.now.next <= now && slot.now.late <= now;
    });
    if (is_late) return take_message(from, at->second, now, at_most);
  }
  return std::nullopt;
}

WorkIndex::Work WorkIndex::take_message(Destination& from, QueueId id, Instant now, std::size_t at_most) {
  Work work;
  work.id = id;
  work.destination = from.name;
  Entry& entry = entries_.at(work.id);
  for (std::uint32_t i = 0; i < entry.slots.size() && work.recipients.size() < at_most; ++i) {
    Slot& slot = entry.slots[i];
    if (slot.destination != &from || slot.is_leased || slot.now.state != RecipientState::waiting || slot.now.next > now)
      continue;
    count(slot, -1);
    slot.is_leased = true;
    count(slot, 1);
    work.recipients.push_back(i);
  }
  regroup(work.id, entry, from);
  return work;
}

std::optional<Instant> WorkIndex::next_due() const {
  if (ready_.empty()) return std::nullopt;
  return ready_.begin()->first;
}

void WorkIndex::pause(const std::string& name, Instant until, Instant now) {
  if (destinations_.size() >= drop_at_) drop_idle(now);
  const bool ends = until <= now;
  auto found = destinations_.find(name);
  if (ends && found == destinations_.end()) return;
  Destination& one = destination(name);
  one.not_before = ends ? Instant() : until;
  if (ends && one.users == 0)
    destinations_.erase(name);
  else
    reorder(one);
}

// Pauses of destinations that nobody writes to any more.
void WorkIndex::drop_idle(Instant now) {
  std::erase_if(destinations_,
                [&](const auto& one) { return one.second->users == 0 && one.second->not_before <= now; });
  drop_at_ = std::max<std::size_t>(1000, 2 * destinations_.size());
}

void WorkIndex::hurry(QueueId id) {
  auto found = entries_.find(id);
  if (found == entries_.end()) return;
  for (const Slot& slot : found->second.slots) {
    if (slot.destination == nullptr || slot.destination->not_before == Instant::max()) continue;
    slot.destination->not_before = {};
    reorder(*slot.destination);
  }
}

std::vector<std::uint32_t> WorkIndex::claim(QueueId id, const std::vector<std::uint32_t>& wanted) {
  std::vector<std::uint32_t> claimed;
  auto found = entries_.find(id);
  if (found == entries_.end()) return claimed;
  Entry& entry = found->second;
  std::set<Destination*> touched;
  for (std::uint32_t i : wanted) {
    if (i >= entry.slots.size()) continue;
    Slot& slot = entry.slots[i];
    if (slot.is_leased || !slot.now.is_open()) continue;
    count(slot, -1);
    slot.is_leased = true;
    count(slot, 1);
    touched.insert(slot.destination);
    claimed.push_back(i);
  }
  for (Destination* one : touched) regroup(id, entry, *one);
  return claimed;
}

void WorkIndex::put_back(QueueId id, const std::vector<std::pair<std::uint32_t, WorkState>>& recipients) {
  Entry& entry = entries_.at(id);
  std::set<Destination*> touched;
  std::vector<Destination*> left;
  for (const auto& [index, state] : recipients) {
    Slot& slot = entry.slots.at(index);
    check(slot.is_leased, "only leased recipients are given back");
    count(slot, -1);
    slot.is_leased = false;
    slot.now = state;
    count(slot, 1);
    touched.insert(slot.destination);
    if (state.is_open()) continue;
    left.push_back(slot.destination);
    slot.destination = nullptr;
  }
  for (Destination* one : touched) regroup(id, entry, *one);
  for (Destination* one : left) leave(*one);
}

WorkState WorkIndex::state(QueueId id, std::uint32_t recipient) const {
  return entries_.at(id).slots.at(recipient).now;
}

bool WorkIndex::is_leased(QueueId id, std::uint32_t recipient) const {
  auto found = entries_.find(id);
  return found != entries_.end() && recipient < found->second.slots.size() && found->second.slots[recipient].is_leased;
}

std::uint32_t WorkIndex::open_recipients(QueueId id) const {
  auto found = entries_.find(id);
  if (found == entries_.end()) return 0;
  return static_cast<std::uint32_t>(
      std::ranges::count_if(found->second.slots, [](const Slot& slot) { return slot.now.is_open(); }));
}

bool WorkIndex::is_only_user(QueueId id) const { return users_.at(entries_.at(id).content) == 1; }

bool WorkIndex::erase(QueueId id) {
  Entry& entry = entries_.at(id);
  --counts_.messages;
  counts_.bytes -= entry.size;
  const bool is_last = --users_.at(entry.content) == 0;
  if (is_last) users_.erase(entry.content);
  entries_.erase(id);
  return is_last;
}

QueueCounts WorkIndex::counts() const {
  QueueCounts counts = counts_;
  if (!entries_.empty()) counts.oldest = entries_.begin()->second.arrived;
  return counts;
}

}  // namespace kontor::transport
