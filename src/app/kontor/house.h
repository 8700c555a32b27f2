// SPDX-License-Identifier: AGPL-3.0-or-later
// The data folder, opened by one process: lock, store, directory, accounts.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "groupware/search/extract/extractor_pool.h"
#include "kontor/settings.h"
#include "store/engine.h"
#include "transport/journal/journaling_queue.h"
#include "transport/sending/domain_keys.h"
#include "transport/sending/srs.h"

namespace kontor::app {

// Held as long as the process uses the folder; the kernel drops it however the process ends.
class DataLock {
 public:
  // Errors: conflict (another process has it: the sentence names it), unavailable, denied.
  static Result<DataLock> take(const std::string& folder);
  DataLock(DataLock&& other) noexcept;
  DataLock& operator=(DataLock&&) = delete;
  ~DataLock();

 private:
  explicit DataLock(int fd) : fd_(fd) {}
  int fd_;
};

// Makes the folder with mode 0700 where it is absent. Errors: unavailable, denied (it is another user's).
Result<void> make_data_folder(const std::string& folder);

struct House {
  // Errors: of DataLock and make_data_folder; of the store's and the directory's opening.
  static Result<std::unique_ptr<House>> open(const Settings& settings);

  // In the order of construction: each uses those above it.
  DataLock lock;
  std::unique_ptr<store::Engine> engine;
  std::unique_ptr<directory::Directory> directory;
  std::unique_ptr<groupware::Extractor> extractor;
  std::unique_ptr<groupware::Accounts> accounts;
  std::unique_ptr<transport::JournalingQueue> queue;
  std::unique_ptr<transport::DomainKeys> domain_keys;
  std::unique_ptr<transport::Srs> srs;
};

}  // namespace kontor::app
