// SPDX-License-Identifier: AGPL-3.0-or-later
// Who has got a message of which others could not take their copy: when it comes again, they do not get it twice.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_set>

namespace kontor::transport {

// Thread-safe. In memory, of the newest kMost: after a restart or a flood of others somebody may get a copy twice, but
// nobody none.
class DeliveredBefore {
 public:
  static constexpr std::size_t kMost = 100'000;

  bool has(const std::string& message, const std::string& recipient) const;
  void add(const std::string& message, const std::string& recipient);

 private:
  mutable std::mutex mutex_;
  std::unordered_set<std::string> known_;
  std::deque<std::string> by_age_;
};

}  // namespace kontor::transport
