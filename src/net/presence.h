// SPDX-License-Identifier: AGPL-3.0-or-later
// Who is connected, so that the sessions of somebody who may no longer be there can be ended. Costs a session that
// nobody ends nothing but its place in a map.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "net/stream.h"

namespace kontor::net {

// Thread-safe.
class Presence {
 public:
  // Being there; ends with its destruction.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept;
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket();

   private:
    friend class Presence;
    using Place = std::multimap<std::uint64_t, std::shared_ptr<Signal>>::iterator;
    Ticket(Presence* owner, Place place) : owner_(owner), place_(place) {}
    Presence* owner_ = nullptr;
    Place place_;
  };

  // `end` is the stream's end signal. The presence must outlive the ticket.
  Ticket enter(std::uint64_t who, std::shared_ptr<Signal> end);
  // Ends all sessions of `who`.
  void send_away(std::uint64_t who);
  // Ends the sessions of all for whom `may_stay` says no.
  void review(const std::function<bool(std::uint64_t who)>& may_stay);

 private:
  std::mutex mutex_;
  std::multimap<std::uint64_t, std::shared_ptr<Signal>> there_;
};

}  // namespace kontor::net
