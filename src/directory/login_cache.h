// SPDX-License-Identifier: AGPL-3.0-or-later
// Remembers for some minutes which passwords were proven, so that clients which log in all the time do not cost an
// Argon2 each time. Neither passwords nor hashes are kept: only a digest under a key that this process made for itself.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/id.h"
#include "base/time.h"

namespace kontor::directory {

// Thread-safe.
class LoginCache {
 public:
  LoginCache(const Clock& clock, std::size_t capacity);

  // Whether this password was proven against this very hash not long ago.
  bool knows(PrincipalId principal, std::string_view hash, std::string_view password) const;
  void remember(PrincipalId principal, std::string_view hash, std::string_view password);
  void forget(PrincipalId principal);
  void clear();
  std::size_t size() const;

  static constexpr std::chrono::minutes kLifetime{10};

 private:
  struct Entry {
    PrincipalId principal;
    Instant proven;
  };

  std::string key_of(PrincipalId principal, std::string_view hash, std::string_view password) const;

  const Clock& clock_;
  const std::size_t capacity_;
  const std::string secret_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::deque<std::string> order_;  // the keys of entries_, as they were added
};

}  // namespace kontor::directory
