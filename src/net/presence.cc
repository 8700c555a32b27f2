// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/presence.h"

#include <utility>

namespace kontor::net {

Presence::Ticket::Ticket(Ticket&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), place_(other.place_) {}

Presence::Ticket& Presence::Ticket::operator=(Ticket&& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(place_, other.place_);
  return *this;
}

Presence::Ticket::~Ticket() {
  if (owner_ == nullptr) return;
  std::lock_guard lock(owner_->mutex_);
  owner_->there_.erase(place_);
}

Presence::Ticket Presence::enter(std::uint64_t who, std::shared_ptr<Signal> end) {
  std::lock_guard lock(mutex_);
  return {this, there_.emplace(who, std::move(end))};
}

void Presence::send_away(std::uint64_t who) {
  std::lock_guard lock(mutex_);
  const auto [first, last] = there_.equal_range(who);
  for (auto at = first; at != last; ++at) at->second->set();
}

void Presence::review(const std::function<bool(std::uint64_t who)>& may_stay) {
  std::lock_guard lock(mutex_);
  for (auto at = there_.begin(); at != there_.end();) {
    const auto last = there_.upper_bound(at->first);
    const bool stays = may_stay(at->first);
    for (; at != last; ++at) {
      if (!stays) at->second->set();
    }
  }
}

}  // namespace kontor::net
