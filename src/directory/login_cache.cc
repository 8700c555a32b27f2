// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/login_cache.h"

#include "base/bytes.h"
#include "base/digest.h"

namespace kontor::directory {

LoginCache::LoginCache(const Clock& clock, std::size_t capacity)
    : clock_(clock), capacity_(capacity), secret_(random_bytes(32)) {}

std::string LoginCache::key_of(PrincipalId principal, std::string_view hash, std::string_view password) const {
  std::string text;
  append_be64(text, principal.value);
  append_be64(text, hash.size());  // so that no other division of the bytes gives the same text
  text.append(hash).append(password);
  return hmac_sha256(secret_, text);
}

bool LoginCache::knows(PrincipalId principal, std::string_view hash, std::string_view password) const {
  std::string key = key_of(principal, hash, password);
  std::lock_guard lock(mutex_);
  auto it = entries_.find(key);
  if (it == entries_.end()) return false;
  Instant now = clock_.now();
  return it->second.proven <= now && now < it->second.proven + kLifetime;
}

void LoginCache::remember(PrincipalId principal, std::string_view hash, std::string_view password) {
  std::string key = key_of(principal, hash, password);
  std::lock_guard lock(mutex_);
  if (entries_.insert_or_assign(key, Entry{principal, clock_.now()}).second) order_.push_back(key);
  while (order_.size() > capacity_) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
}

void LoginCache::forget(PrincipalId principal) {
  std::lock_guard lock(mutex_);
  if (std::erase_if(entries_, [&](const auto& entry) { return entry.second.principal == principal; }) > 0)
    std::erase_if(order_, [&](const std::string& key) { return !entries_.contains(key); });
}

void LoginCache::clear() {
  std::lock_guard lock(mutex_);
  entries_.clear();
  order_.clear();
}

std::size_t LoginCache::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace kontor::directory
