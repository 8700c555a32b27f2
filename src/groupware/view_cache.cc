// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/view_cache.h"

namespace kontor::groupware {

std::shared_ptr<const FolderView> ViewCache::find(AccountId account, FolderId folder, Modseq highest) {
  std::lock_guard lock(mutex_);
  auto at = views_.find({account, folder});
  if (at == views_.end() || at->second.view->modseq() < highest) return nullptr;
  order_.splice(order_.begin(), order_, at->second.used);
  return at->second.view;
}

void ViewCache::put(AccountId account, FolderId folder, std::shared_ptr<const FolderView> view) {
  std::lock_guard lock(mutex_);
  Name name(account, folder);
  if (auto at = views_.find(name); at != views_.end()) {
    if (at->second.view->modseq() > view->modseq()) return;
    forget(at);
  }
  order_.push_front(name);
  std::size_t size = view->memory();
  bytes_ += size;
  views_.emplace(name, Kept{std::move(view), size, order_.begin()});
  while (bytes_ > limit_ && order_.size() > 1) forget(views_.find(order_.back()));
}

void ViewCache::drop(AccountId account, FolderId folder) {
  std::lock_guard lock(mutex_);
  if (auto at = views_.find({account, folder}); at != views_.end()) forget(at);
}

void ViewCache::drop(AccountId account) {
  std::lock_guard lock(mutex_);
  for (auto at = views_.lower_bound({account, FolderId()}); at != views_.end() && at->first.first == account;)
    forget(at++);
}

void ViewCache::forget(std::map<Name, Kept>::iterator at) {
  bytes_ -= at->second.bytes;
  order_.erase(at->second.used);
  views_.erase(at);
}

}  // namespace kontor::groupware
