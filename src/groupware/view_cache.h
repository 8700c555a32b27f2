// SPDX-License-Identifier: AGPL-3.0-or-later
// The folder views of all accounts, kept up to a number of bytes, the least recently used dropped first. Thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/id.h"
#include "groupware/folder_view.h"

namespace kontor::groupware {

class ViewCache {
 public:
  explicit ViewCache(std::uint64_t limit) : limit_(limit) {}

  // The view at that state of the folder or a later one, or null.
  std::shared_ptr<const FolderView> find(AccountId account, FolderId folder, Modseq highest);
  // Kept unless a newer one is there.
  void put(AccountId account, FolderId folder, std::shared_ptr<const FolderView> view);
  void drop(AccountId account, FolderId folder);
  void drop(AccountId account);

 private:
  using Name = std::pair<AccountId, FolderId>;
  struct Kept {
    std::shared_ptr<const FolderView> view;
    std::size_t bytes;
    std::list<Name>::iterator used;
  };
  void forget(std::map<Name, Kept>::iterator at);

  std::mutex mutex_;
  std::uint64_t limit_;
  std::uint64_t bytes_ = 0;
  std::map<Name, Kept> views_;
  std::list<Name> order_;  // most recently used first
};

}  // namespace kontor::groupware
