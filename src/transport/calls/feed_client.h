// SPDX-License-Identifier: AGPL-3.0-or-later
// Fetches feeds, by libcurl. Whoever subscribes chooses what is asked: so it goes through the gate of such calls, and
// an answer is bounded in bytes and time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/config.h"
#include "groupware/calendar/feeds.h"

namespace kontor::transport {

struct FeedClientOptions {
  std::uint64_t largest = 10 << 20;  // bytes of an answer, after decompression
  std::chrono::seconds timeout{60};
  bool asks_private_networks = false;  // also loopback
};
void declare(config::Schema& schema, FeedClientOptions& into);

// Redirects are followed, five at most, never from TLS into the clear; a login is for the source's own host alone.
// Errors: unavailable, denied (a place that may not be asked), too_large. `is_ending`: breaks off. Thread-safe.
Result<groupware::FeedAnswer> fetch_feed(const groupware::Feed& feed, const FeedClientOptions& options,
                                         const std::atomic<bool>& is_ending);

}  // namespace kontor::transport
