// SPDX-License-Identifier: AGPL-3.0-or-later
// Keeps what a commit expects from changing between its check and its write, while all other commits pass.
//
// A commit holds a latch on each record it writes and on each it expects, until it is written. Writing a key waits for
// those that expect it, expecting a key waits for those that write it; writers of one key do not wait for each other,
// nor do those that only expect it. So commits without common keys go on side by side and share one sync, also inside
// one partition.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include "store/engine.h"

namespace kontor::store {

// Thread-safe. Keys are told apart by a few bits of their hash: two that collide only wait for each other.
class Latches {
 public:
  static constexpr std::size_t kLatches = 1024;  // per stripe

 private:
  struct Use {
    std::uint32_t writers = 0;
    std::uint32_t expecters = 0;
  };
  struct Stripe {
    std::mutex mutex;
    std::condition_variable given_back;
    std::size_t waiting = 0;
    std::array<Use, kLatches> uses{};
  };

 public:
  // Gives the latches back when destroyed.
  class Hold {
   public:
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    friend class Latches;
    Hold(Stripe& stripe, Partition partition, const Batch& batch);
    bool must_wait() const;

    Stripe& stripe_;
    std::vector<std::uint16_t> writes_;  // places in the stripe's table
    std::vector<std::uint16_t> expects_;
  };

  // Waits until the batch's latches are in nobody's way, then takes them all at once: there is no deadlock.
  Hold take(Partition partition, const Batch& batch);

 private:
  std::array<Stripe, 64> stripes_;
};

}  // namespace kontor::store
