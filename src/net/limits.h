// SPDX-License-Identifier: AGPL-3.0-or-later
// Limits on what one address or one user may take, and back-off after failed logins.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/address.h"

namespace kontor::net {

struct LimitOptions {
  std::uint32_t connections = 20000;  // of the whole server
  std::uint32_t connections_per_address = 500;
  std::uint32_t connections_per_user = 50;     // counted over all protocols
  std::uint32_t failures_before_delay = 3;     // per address and per user, forgotten after failure_memory
  std::chrono::seconds longest_delay{30};      // doubling from 1 s
  std::uint32_t failures_before_refusal = 50;  // per address: then refused at once
  std::chrono::seconds failure_memory{900};
};

// Thread-safe. Bounded memory: the oldest failures are forgotten first.
class Limits {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;
  explicit Limits(LimitOptions options, Now now = &std::chrono::steady_clock::now);
  ~Limits();

  // A place, given back on destruction. Empty if there was none.
  class Place {
   public:
    Place() = default;
    Place(Place&&) noexcept;
    Place& operator=(Place&&) noexcept;
    ~Place();
    explicit operator bool() const { return owner_ != nullptr; }

   private:
    friend class Limits;
    Place(Limits* owner, std::string key) : owner_(owner), key_(std::move(key)) {}
    Limits* owner_ = nullptr;
    std::string key_;
    bool whole_ = false;
  };
  // IPv6 peers count by their /64. Loopback and Unix peers count only towards the whole, and have some places beyond
  // it: strangers who fill it do not keep out the local mail server and the administrator.
  Place connection(const Endpoint& peer);
  Place user(const std::string& login);

  // To hash one password; a quarter of `workers` has such places, so that logins cannot keep all other work waiting.
  // Who gets none tries again a little later.
  Place hash_place(std::size_t workers);

  // How long to wait before answering a login attempt; nothing to wait = 0. `refused` = do not even try. Where failures
  // already delay, an attempt counts like one more of them while its verdict lives: many at once wait as long as one
  // after the other. Call it with a hash place in hand, which bounds the attempts of which nobody knows yet how they
  // end, and give the place back before a wait.
  struct Verdict {
    std::chrono::milliseconds delay{0};
    bool refused = false;
    Place of_user, of_address;
  };
  // A success forgives the login's own failures, also those counted against the address it comes from. Failures from
  // loopback and Unix peers count only against the user.
  Verdict before_login(const Endpoint& peer, const std::string& login);
  // Whether an attempt from `peer` would be refused by now: to ask again after a wait.
  bool refuses(const Endpoint& peer);
  // Whether failures would delay or refuse an attempt by now.
  bool suspects(const Endpoint& peer, const std::string& login);
  void after_login(const Endpoint& peer, const std::string& login, bool succeeded);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kontor::net
