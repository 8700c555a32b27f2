// SPDX-License-Identifier: AGPL-3.0-or-later
// What subjects are sorted by, kept in memory from one sort to the next: reading the summaries is what sorting costs.
// Contents never change and ids are never used again, so what is kept stays right.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/id.h"
#include "groupware/search/arena.h"

namespace kontor::groupware {

// Of one account: subject_key() by i;unicode-casemap. Thread-safe.
class Subjects {
 public:
  explicit Subjects(std::uint64_t most_bytes) : most_bytes_(most_bytes) {}

  // Nothing: it is not kept. The text lives as long as this.
  std::optional<std::string_view> find(ItemId item) const;
  // The text as it is kept, or nothing if there is no room.
  std::optional<std::string_view> keep(ItemId item, std::string_view text);
  std::uint64_t bytes() const { return bytes_; }

 private:
  using Block = std::array<std::string_view, 128>;  // without data: not kept
  static constexpr std::uint64_t kOwnBytes = 512;   // about what it takes before anything is kept

  const std::uint64_t most_bytes_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Block>> blocks_;
  TextArena texts_;
  std::atomic<std::uint64_t> bytes_ = kOwnBytes;
};

// Thread-safe.
class SubjectCache {
 public:
  // About that many bytes, of the accounts that were used last.
  explicit SubjectCache(std::uint64_t most_bytes) : most_bytes_(most_bytes) {}
  std::shared_ptr<Subjects> of(AccountId account);

 private:
  const std::uint64_t most_bytes_;
  std::mutex mutex_;
  std::list<std::pair<AccountId, std::shared_ptr<Subjects>>> used_;  // the last one in front
};

}  // namespace kontor::groupware
