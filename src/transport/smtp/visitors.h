// SPDX-License-Identifier: AGPL-3.0-or-later
// How many connections each address has, and how fast it makes new ones.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "net/address.h"

namespace kontor::transport {

// Thread-safe; a visit costs the same however many addresses are known. Memory is bounded: addresses beyond
// kMostAddresses are let in uncounted, which the server's own limits bound.
class Visitors {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;
  static constexpr std::size_t kMostAddresses = 100'000;

  Visitors(std::uint32_t at_once, std::uint32_t per_minute, Now now = &std::chrono::steady_clock::now)
      : at_once_(at_once), per_minute_(per_minute), now_(std::move(now)) {}

  // A place, given back on destruction. Empty if there was none.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept;
    Place& operator=(Place&& other) noexcept;
    ~Place();
    explicit operator bool() const { return owner_ != nullptr; }

   private:
    friend class Visitors;
    Place(Visitors* owner, std::string key) : owner_(owner), key_(std::move(key)) {}
    Visitors* owner_ = nullptr;
    std::string key_;
  };
  // IPv6 addresses count by their /64.
  Place enter(const net::IpAddress& address);

 private:
  struct Visitor {
    std::uint32_t open = 0;
    double credit = 0;                                 // connections that it may make at once
    std::chrono::steady_clock::time_point last;        // that it came
    std::chrono::steady_clock::time_point idle_since;  // while nothing is open
    std::list<std::string>::iterator idle;             // the same: its place in idle_
  };
  void leave(const std::string& key);
  void rest(Visitor& visitor, const std::string& key, std::chrono::steady_clock::time_point now);
  void forget_old(std::chrono::steady_clock::time_point now);

  const std::uint32_t at_once_, per_minute_;
  const Now now_;
  std::mutex mutex_;
  std::unordered_map<std::string, Visitor> visitors_;
  std::list<std::string> idle_;  // keys of those without a connection, by the time since when that is so
};

}  // namespace kontor::transport
