// SPDX-License-Identifier: AGPL-3.0-or-later
// Telling others of changes.
#include "directory/stored_directory.h"

namespace kontor::directory {

class StoredDirectory::Watching final : public Watch {
 public:
  Watching(StoredDirectory& directory, std::uint64_t id) : directory_(directory), id_(id) {}
  ~Watching() override {
    std::lock_guard lock(directory_.watchers_mutex_);
    directory_.watchers_.erase(id_);
  }

 private:
  StoredDirectory& directory_;
  const std::uint64_t id_;
};

std::unique_ptr<Watch> StoredDirectory::watch(std::function<void(const Touched&)> notify) {
  std::lock_guard lock(watchers_mutex_);
  const std::uint64_t id = next_watcher_++;
  watchers_.emplace(id, std::move(notify));
  return std::make_unique<Watching>(*this, id);
}

void StoredDirectory::tell(const Touched& touched) {
  std::lock_guard lock(watchers_mutex_);
  for (const auto& [id, notify] : watchers_) notify(touched);
}

}  // namespace kontor::directory
