// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/limits.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <unordered_map>

namespace kontor::net {
namespace {

constexpr std::size_t kMaxFailureEntries = 65536;
constexpr std::size_t kMaxLoginLength = 256;
constexpr std::uint32_t kLocalPlaces = 200;  // beyond the whole

using TimePoint = std::chrono::steady_clock::time_point;

bool is_local(const Endpoint& peer) { return peer.is_unix || peer.ip.is_loopback(); }

// Whoever has one IPv6 address has the whole /64.
std::string address_key(const Endpoint& peer) {
  IpAddress ip = peer.ip;
  if (!ip.is_v4()) std::fill(ip.bytes.begin() + 8, ip.bytes.end(), std::uint8_t{0});
  return "a" + std::string(reinterpret_cast<const char*>(ip.bytes.data()), ip.bytes.size());
}

std::string user_key(const std::string& login) { return "u" + login.substr(0, kMaxLoginLength); }

// Under which the attempts that are on their way take places.
std::string attempts_key(const std::string& key) { return "t" + key; }

// Counts of failures by key; the key that failed longest ago goes first when there are too many.
class Failures {
 public:
  std::uint32_t count(const std::string& key, TimePoint now, std::chrono::seconds memory) {
    auto found = by_key_.find(key);
    if (found == by_key_.end()) return 0;
    if (now - found->second->last < memory) return found->second->count;
    erase(found);
    return 0;
  }

  void add(const std::string& key, TimePoint now, std::chrono::seconds memory) {
    std::uint32_t before = count(key, now, memory);
    forgive(key, before);
    if (by_key_.size() >= kMaxFailureEntries) erase(by_key_.find(entries_.front().key));
    entries_.push_back({key, before + 1, now});
    by_key_.emplace(key, std::prev(entries_.end()));
  }

  void forgive(const std::string& key, std::uint32_t by) {
    auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    found->second->count -= std::min(by, found->second->count);
    if (found->second->count == 0) erase(found);
  }

 private:
  struct Entry {
    std::string key;
    std::uint32_t count;
    TimePoint last;
  };
  using Index = std::unordered_map<std::string, std::list<Entry>::iterator>;

  void erase(Index::iterator at) {
    entries_.erase(at->second);
    by_key_.erase(at);
  }

  std::list<Entry> entries_;  // oldest failure first
  Index by_key_;
};

}  // namespace

struct Limits::State {
  bool take(const std::string& key, std::uint32_t most) {
    std::uint32_t& taken = places[key];
    if (taken >= most) {
      if (taken == 0) places.erase(key);
      return false;
    }
    ++taken;
    return true;
  }
  void give_back(const std::string& key) {
    auto found = places.find(key);
    if (found != places.end() && --found->second == 0) places.erase(found);
  }
  std::uint32_t taken(const std::string& key) const {
    auto found = places.find(key);
    return found == places.end() ? 0 : found->second;
  }
  // Failures, with the attempts on their way where there are enough failures to suspect those.
  std::uint32_t suspicion(const std::string& key, std::uint32_t failed) const {
    return failed < options.failures_before_delay ? failed : failed + taken(attempts_key(key));
  }
  std::uint32_t failed(const std::string& key, TimePoint at) { return failures.count(key, at, options.failure_memory); }

  LimitOptions options;
  Now now;
  std::mutex mutex;
  std::uint32_t connections = 0;
  std::unordered_map<std::string, std::uint32_t> places;  // no larger than what is connected
  Failures failures;
};

Limits::Limits(LimitOptions options, Now now) : state_(std::make_unique<State>()) {
  state_->options = options;
  state_->now = std::move(now);
}
Limits::~Limits() = default;

Limits::Place::Place(Place&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), key_(std::move(other.key_)), whole_(other.whole_) {}

Limits::Place& Limits::Place::operator=(Place&& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(key_, other.key_);
  std::swap(whole_, other.whole_);
  return *this;
}

Limits::Place::~Place() {
  if (!owner_) return;
  State& state = *owner_->state_;
  std::lock_guard lock(state.mutex);
  if (whole_) --state.connections;
  if (!key_.empty()) state.give_back(key_);
}

Limits::Place Limits::connection(const Endpoint& peer) {
  Place place;
  std::string key = is_local(peer) ? std::string() : address_key(peer);
  std::uint64_t most = state_->options.connections;
  if (is_local(peer)) most += kLocalPlaces;
  std::lock_guard lock(state_->mutex);
  if (state_->connections >= most) return place;
  if (!key.empty() && !state_->take(key, state_->options.connections_per_address)) return place;
  ++state_->connections;
  place.owner_ = this;
  place.key_ = std::move(key);
  place.whole_ = true;
  return place;
}

Limits::Place Limits::user(const std::string& login) {
  std::string key = user_key(login);
  std::lock_guard lock(state_->mutex);
  if (!state_->take(key, state_->options.connections_per_user)) return {};
  return {this, std::move(key)};
}

Limits::Place Limits::hash_place(std::size_t workers) {
  std::string key = "h";
  std::lock_guard lock(state_->mutex);
  if (!state_->take(key, static_cast<std::uint32_t>(std::max<std::size_t>(1, workers / 4)))) return {};
  return {this, std::move(key)};
}

Limits::Verdict Limits::before_login(const Endpoint& peer, const std::string& login) {
  const LimitOptions& options = state_->options;
  std::string user = user_key(login);
  std::string address = is_local(peer) ? std::string() : address_key(peer);
  TimePoint now = state_->now();
  Verdict verdict;
  std::lock_guard lock(state_->mutex);
  std::uint32_t count = state_->suspicion(user, state_->failed(user, now));
  if (!address.empty()) {
    std::uint32_t here = state_->failed(address, now);
    verdict.refused = here >= options.failures_before_refusal;
    if (verdict.refused) return verdict;
    count = std::max(count, state_->suspicion(address, here));
    state_->take(attempts_key(address), UINT32_MAX);
    verdict.of_address = {this, attempts_key(address)};
  }
  state_->take(attempts_key(user), UINT32_MAX);
  verdict.of_user = {this, attempts_key(user)};
  if (count < options.failures_before_delay) return verdict;
  std::uint32_t doublings = std::min(count - options.failures_before_delay, std::uint32_t{20});
  verdict.delay = std::min(std::chrono::seconds(std::int64_t{1} << doublings), options.longest_delay);
  return verdict;
}

bool Limits::refuses(const Endpoint& peer) {
  if (is_local(peer)) return false;
  TimePoint now = state_->now();
  std::lock_guard lock(state_->mutex);
  return state_->failed(address_key(peer), now) >= state_->options.failures_before_refusal;
}

bool Limits::suspects(const Endpoint& peer, const std::string& login) {
  const std::uint32_t least = state_->options.failures_before_delay;
  TimePoint now = state_->now();
  std::lock_guard lock(state_->mutex);
  if (state_->failed(user_key(login), now) >= least) return true;
  return !is_local(peer) && state_->failed(address_key(peer), now) >= least;
}

void Limits::after_login(const Endpoint& peer, const std::string& login, bool succeeded) {
  const std::chrono::seconds memory = state_->options.failure_memory;
  TimePoint now = state_->now();
  std::string user = user_key(login);
  std::string address = is_local(peer) ? std::string() : address_key(peer);
  std::string pair = address.empty() ? std::string() : address + user;
  std::lock_guard lock(state_->mutex);
  Failures& failures = state_->failures;
  if (succeeded) {
    failures.forgive(user, UINT32_MAX);
    if (address.empty()) return;
    failures.forgive(address, failures.count(pair, now, memory));
    failures.forgive(pair, UINT32_MAX);
    return;
  }
  failures.add(user, now, memory);
  if (address.empty()) return;
  failures.add(address, now, memory);
  failures.add(pair, now, memory);
}

}  // namespace kontor::net
