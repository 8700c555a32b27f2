// SPDX-License-Identifier: AGPL-3.0-or-later
// One network thread: its event loop and the connections that live on it. And what counts work that must end first.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <unordered_set>
#include <utility>

namespace kontor::net {

class Connection;

// Shared by the runtime, its connections and their signals: a signal may be set after the runtime is gone. Everything
// but `io` is touched on the loop's own thread only.
struct Loop {
  boost::asio::io_context io{1};
  std::unordered_set<Connection*> connections;
  bool is_stopping = false;
};

// Counts what was spawned; shutdown waits until it is empty. Thread-safe.
class Gate {
 public:
  // One unit of work, as long as it lives.
  class Ticket {
   public:
    explicit Ticket(Gate& gate) : gate_(&gate) { gate.add(1); }
    Ticket(Ticket&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (gate_) gate_->add(-1);
    }

   private:
    Gate* gate_;
  };

  std::size_t count() const {
    std::lock_guard lock(mutex_);
    return count_;
  }
  // False if there was still something inside after `time`.
  bool wait_empty(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return empty_.wait_for(lock, time, [&] { return count_ == 0; });
  }

 private:
  // Notifies under the lock: whoever waits may destroy the gate right after.
  void add(int by) {
    std::lock_guard lock(mutex_);
    count_ += static_cast<std::size_t>(by);
    if (count_ == 0) empty_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::size_t count_ = 0;
};

}  // namespace kontor::net
