// SPDX-License-Identifier: AGPL-3.0-or-later
// Wakes sessions that wait when the directory changed what groups and shared mailboxes give to whom: folders of others
// may have come or gone by that.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "directory/directory.h"

namespace kontor::imap {

// Thread-safe.
class DirectoryNews {
 public:
  // Ends the watching when destroyed; blocks while its function runs on another thread.
  class Watch {
   public:
    Watch(DirectoryNews& news, std::uint64_t id) : news_(news), id_(id) {}
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

   private:
    DirectoryNews& news_;
    const std::uint64_t id_;
  };

  // `directory` must outlive it.
  explicit DirectoryNews(const directory::Directory& directory) : directory_(directory) {}

  // What the directory's own watch is told.
  void take(const directory::Touched& touched);
  // Counts all changes, also those that wake nobody.
  std::uint64_t changes() const { return changes_; }
  // `wake` is called on any thread; it must be quick.
  std::unique_ptr<Watch> watch(std::function<void()> wake);

 private:
  bool concerns_others(const directory::Touched& touched) const;

  const directory::Directory& directory_;
  std::atomic<std::uint64_t> changes_ = 0;
  std::mutex mutex_;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, std::function<void()>> watchers_;
};

}  // namespace kontor::imap
