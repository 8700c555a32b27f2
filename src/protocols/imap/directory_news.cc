// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/directory_news.h"

#include <algorithm>
#include <utility>

namespace kontor::imap {

DirectoryNews::Watch::~Watch() {
  std::lock_guard lock(news_.mutex_);
  news_.watchers_.erase(id_);
}

void DirectoryNews::take(const directory::Touched& touched) {
  ++changes_;
  if (!concerns_others(touched)) return;
  std::lock_guard lock(mutex_);
  for (const auto& [id, wake] : watchers_) wake();
}

std::unique_ptr<DirectoryNews::Watch> DirectoryNews::watch(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  watchers_.emplace(next_, std::move(wake));
  return std::make_unique<Watch>(*this, next_++);
}

// People come and go, and change their passwords, without a word to others.
bool DirectoryNews::concerns_others(const directory::Touched& touched) const {
  return touched.everyone || std::any_of(touched.principals.begin(), touched.principals.end(), [&](PrincipalId id) {
           const auto principal = directory_.principal(id);
           return !principal || principal->kind == directory::PrincipalKind::group ||
                  principal->kind == directory::PrincipalKind::shared;
         });
}

}  // namespace kontor::imap
