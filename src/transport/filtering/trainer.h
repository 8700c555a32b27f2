// SPDX-License-Identifier: AGPL-3.0-or-later
// Tells rspamd of messages that people moved to or from their folders for junk.
#pragma once

#include <chrono>
#include <mutex>
#include <set>
#include <string>

#include "base/metrics.h"
#include "base/time.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "groupware/janitor.h"
#include "transport/filtering/filter_options.h"
#include "transport/filtering/http_call.h"

namespace kontor::transport {

// Lessons are durable with the move; they are told on a thread of its own, one after the other. While rspamd cannot be
// reached they wait, for a week at most. A message may be told twice after a crash, which rspamd notices.
class Trainer {
 public:
  // All must outlive it.
  Trainer(const FilterOptions& options, groupware::Accounts& accounts, const directory::Directory& directory,
          const Clock& clock);
  ~Trainer() { stop(); }
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  void start();
  void stop();
  // For a timer: lets the accounts whose lessons could not be told try again, after longer and longer pauses.
  void try_again();

 private:
  Result<bool> slice(AccountId account);
  // Whether it is done with: taught, or not to be taught. Errors: unavailable.
  Result<void> teach(const groupware::Reader& reader, const groupware::Lesson& lesson, const std::string& owner);

  const FilterOptions options_;
  groupware::Accounts& accounts_;
  const directory::Directory& directory_;
  const Clock& clock_;
  HttpService service_;
  const metrics::Counter junk_, good_, failed_;
  std::mutex mutex_;
  std::set<AccountId> waiting_;  // until the next try
  std::chrono::steady_clock::time_point next_try_;
  std::chrono::seconds pause_;
  groupware::Janitor janitor_;
};

}  // namespace kontor::transport
