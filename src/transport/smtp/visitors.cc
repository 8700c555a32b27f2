// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/visitors.h"

#include <algorithm>
#include <utility>

namespace kontor::transport {
namespace {

std::string visitor_key(net::IpAddress address) {
  // Whoever has one IPv6 address has the whole /64.
  if (!address.is_v4()) std::fill(address.bytes.begin() + 8, address.bytes.end(), std::uint8_t{0});
  return {address.bytes.begin(), address.bytes.end()};
}

}  // namespace

Visitors::Place::Place(Place&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), key_(std::move(other.key_)) {}

Visitors::Place& Visitors::Place::operator=(Place&& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(key_, other.key_);
  return *this;
}

Visitors::Place::~Place() {
  if (owner_) owner_->leave(key_);
}

Visitors::Place Visitors::enter(const net::IpAddress& address) {
  const auto now = now_();
  std::string key = visitor_key(address);
  std::lock_guard lock(mutex_);
  forget_old(now);
  if (visitors_.size() >= kMostAddresses && !visitors_.contains(key)) return {this, {}};
  auto [found, is_new] = visitors_.try_emplace(key);
  Visitor& visitor = found->second;
  const std::chrono::duration<double> since = now - visitor.last;
  if (is_new)
    visitor.credit = per_minute_;
  else
    visitor.credit = std::min<double>(per_minute_, visitor.credit + since.count() * per_minute_ / 60);
  visitor.last = now;
  if (visitor.open == 0 && !is_new) idle_.erase(visitor.idle);
  if (visitor.open >= at_once_ || visitor.credit < 1) {
    if (visitor.open == 0) rest(visitor, key, now);
    return {};
  }
  ++visitor.open;
  visitor.credit -= 1;
  return {this, std::move(key)};
}

void Visitors::leave(const std::string& key) {
  std::lock_guard lock(mutex_);
  auto found = visitors_.find(key);
  if (found == visitors_.end()) return;  // it was not counted
  if (--found->second.open == 0) rest(found->second, key, now_());
}

void Visitors::rest(Visitor& visitor, const std::string& key, std::chrono::steady_clock::time_point now) {
  visitor.idle_since = now;
  visitor.idle = idle_.insert(idle_.end(), key);
}

// Whoever was not here for a minute has all its credit again: nothing is lost with it.
// At each visit two at most, which is more than can come.
void Visitors::forget_old(std::chrono::steady_clock::time_point now) {
  for (int i = 0; i < 2 && !idle_.empty(); ++i) {
    auto oldest = visitors_.find(idle_.front());
    if (now - oldest->second.idle_since <= std::chrono::minutes(1)) return;
    visitors_.erase(oldest);
    idle_.pop_front();
  }
}

}  // namespace kontor::transport
