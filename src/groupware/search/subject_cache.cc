// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/subject_cache.h"

#include <algorithm>

namespace kontor::groupware {

std::optional<std::string_view> Subjects::find(ItemId item) const {
  std::lock_guard lock(mutex_);
  const auto block = blocks_.find(item.value / Block().size());
  if (block == blocks_.end()) return std::nullopt;
  const std::string_view text = (*block->second)[item.value % Block().size()];
  return text.data() == nullptr ? std::nullopt : std::optional(text);
}

std::optional<std::string_view> Subjects::keep(ItemId item, std::string_view text) {
  std::lock_guard lock(mutex_);
  if (bytes_ + sizeof(Block) + text.size() > most_bytes_) return std::nullopt;
  auto& block = blocks_[item.value / Block().size()];
  if (!block) block = std::make_unique<Block>();
  std::string_view& kept = (*block)[item.value % Block().size()];
  if (kept.data() == nullptr) kept = text.empty() ? std::string_view("") : texts_.keep(text);
  bytes_ = kOwnBytes + blocks_.size() * sizeof(Block) + texts_.bytes();
  return kept;
}

std::shared_ptr<Subjects> SubjectCache::of(AccountId account) {
  std::lock_guard lock(mutex_);
  const auto found = std::find_if(used_.begin(), used_.end(), [&](const auto& one) { return one.first == account; });
  if (found != used_.end())
    used_.splice(used_.begin(), used_, found);
  else
    used_.emplace_front(account, std::make_shared<Subjects>(most_bytes_));
  // Whoever sorts by one that goes has it to the end.
  std::uint64_t bytes = 0;
  for (auto one = used_.begin(); one != used_.end();) {
    bytes += one->second->bytes();
    one = bytes > most_bytes_ && one != used_.begin() ? used_.erase(one) : std::next(one);
  }
  return used_.front().second;
}

}  // namespace kontor::groupware
