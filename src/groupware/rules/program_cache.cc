// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/rules/program_cache.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kBytesOfAnEntry = 512;

}  // namespace

void ProgramCache::drop(AccountId account) {
  const auto at = entries_.find(account);
  if (at == entries_.end()) return;
  bytes_ -= at->second.bytes;
  order_.erase(at->second.used);
  entries_.erase(at);
}

Result<ProgramCache::Program> ProgramCache::find(AccountId account, Modseq version, const std::string& name,
                                                 const Make& make) {
  {
    std::lock_guard lock(mutex_);
    const auto at = entries_.find(account);
    if (at != entries_.end() && at->second.version == version) {
      order_.splice(order_.begin(), order_, at->second.used);
      if (const auto found = at->second.programs.find(name); found != at->second.programs.end()) return found->second;
    }
  }
  TRY(Made made, make());
  std::lock_guard lock(mutex_);
  if (const auto at = entries_.find(account); at != entries_.end() && at->second.version != version) drop(account);
  auto at = entries_.find(account);
  if (at == entries_.end()) {
    order_.push_front(account);
    at = entries_.emplace(account, Entry{version, {}, 0, order_.begin()}).first;
  }
  if (at->second.programs.emplace(name, made.program).second) {
    at->second.bytes += made.bytes + kBytesOfAnEntry;
    bytes_ += made.bytes + kBytesOfAnEntry;
  }
  while (bytes_ > limit_ && order_.size() > 1) drop(order_.back());
  return made.program;
}

}  // namespace kontor::groupware
