// SPDX-License-Identifier: AGPL-3.0-or-later
// Who sends for the first time is asked to come again: real servers do (RFC 6647).
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/address.h"
#include "store/engine.h"

namespace kontor::transport {

struct GreylistOptions {
  std::chrono::seconds delay{300};                     // before this it is still the first time
  std::chrono::seconds window{std::chrono::days(2)};   // and after this again
  std::chrono::seconds memory{std::chrono::days(36)};  // of those who came again
  std::uint32_t known_after = 5;  // messages that came again: then nothing of this origin waits any more
  std::size_t most = 1'000'000;   // first times that are kept; what is beyond comes in at once
};

// Thread-safe. Blocks. In the store, written lazily: what a crash loses is asked to come again once more. Whoever makes
// up senders fills no disk: what is kept is bounded.
class Greylist {
 public:
  // Both must outlive it.
  Greylist(store::Engine& engine, const Clock& clock, GreylistOptions options)
      : engine_(engine), clock_(clock), options_(options) {}

  // Whether a message may come in now. `origin` stands for who sends it: origin_of(), or a domain that vouches for the
  // host (with '=' before it). Errors: unavailable, corrupt.
  Result<bool> passes(std::string_view origin, std::string_view sender, std::string_view recipient);
  // Whether it would, and nothing is noted but that it did.
  Result<bool> is_known(std::string_view origin, std::string_view sender, std::string_view recipient);

  // The network of an address: servers of one farm are neighbours.
  static std::string origin_of(net::IpAddress address);

  // Forgets what is too old. Errors as above.
  Result<void> sweep();

 private:
  Result<bool> look(std::string_view origin, std::string_view sender, std::string_view recipient, bool notes);
  void sweep_now_and_then();

  store::Engine& engine_;
  const Clock& clock_;
  const GreylistOptions options_;
  std::mutex mutex_;
  Instant swept_{};
  std::atomic<std::size_t> count_ = 0;  // of first times since the last sweep, and those that it left
};

}  // namespace kontor::transport
