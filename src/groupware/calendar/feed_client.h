// SPDX-License-Identifier: AGPL-3.0-or-later
// Fetches feeds, by libcurl. Whoever subscribes chooses what is asked: so nothing of this machine and its network can
// be reached by it, by whatever name or redirect, and an answer is bounded in bytes and time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/config.h"
#include "groupware/calendar/feeds.h"

namespace kontor::groupware {

struct FeedClientOptions {
  std::uint64_t largest = 10 << 20;  // bytes of an answer, after decompression
  std::chrono::seconds timeout{60};
  bool asks_private_networks = false;  // also loopback
};
void declare(config::Schema& schema, FeedClientOptions& into);

// An address that everybody means the same by: none of a machine itself, of private networks, of links, of groups.
// `family`, `address`: of a sockaddr, which is `size` bytes.
bool is_public_address(const void* address, std::size_t size);
// One that this machine has, public or not: what listens there need not be for everybody. Also if that is not known.
bool is_own_address(const void* address, std::size_t size);

// Redirects are followed, five at most, never from TLS into the clear; a login is for the source's own host alone.
// Errors: unavailable, denied (a place that may not be asked), too_large. `is_ending`: breaks off. Thread-safe.
Result<FeedAnswer> fetch_feed(const Feed& feed, const FeedClientOptions& options, const std::atomic<bool>& is_ending);

}  // namespace kontor::groupware
