// SPDX-License-Identifier: AGPL-3.0-or-later
// What a filter keeps for its messages, a connection or a process each: at most so many at once, and those that are
// idle are used again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace kontor::transport {

// Thread-safe. Places must not outlive it.
template <class T>
class AtOnce {
 public:
  explicit AtOnce(std::size_t most) : most_(most) {}

  // A place for one message. What is left in `thing` at its end is kept for the next.
  class Place {
   public:
    Place() = default;
    Place(AtOnce* owner, std::unique_ptr<T> idle) : thing(std::move(idle)), owner_(owner) {}
    Place(Place&& other) noexcept : thing(std::move(other.thing)), owner_(std::exchange(other.owner_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (owner_) owner_->leave(std::move(thing));
    }
    explicit operator bool() const { return owner_ != nullptr; }

    std::unique_ptr<T> thing;  // null: none is idle

   private:
    AtOnce* owner_ = nullptr;
  };

  // Empty if there is none in time.
  Place enter(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    if (!left_.wait_for(lock, patience, [&] { return used_ < most_; })) return {};
    ++used_;
    std::unique_ptr<T> idle;
    if (!idle_.empty()) {
      idle = std::move(idle_.back());
      idle_.pop_back();
    }
    return {this, std::move(idle)};
  }

 private:
  void leave(std::unique_ptr<T> thing) {
    std::lock_guard lock(mutex_);
    --used_;
    if (thing) idle_.push_back(std::move(thing));
    left_.notify_one();
  }

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable left_;
  std::size_t used_ = 0;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace kontor::transport
