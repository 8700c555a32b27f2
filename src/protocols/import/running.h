// SPDX-License-Identifier: AGPL-3.0-or-later
// Which accounts are being imported into: one import at a time for each, by whatever address it came.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <set>

#include "base/id.h"
#include "base/metrics.h"
#include "base/result.h"

namespace kontor::importing {

// Thread-safe. Must outlive its tickets.
class RunningImports {
 public:
  explicit RunningImports(std::size_t limit) : limit_(limit) {}

  // A place for one import, given back when it is destroyed.
  class Ticket {
   public:
    explicit Ticket(RunningImports& running) : running_(running) {}
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    // Goes on with this account and leaves the one before. Errors: conflict (another import is in it).
    Result<void> claim(AccountId account);

   private:
    RunningImports& running_;
    AccountId account_;  // 0: none yet
  };

  // `account` is 0 where it shows only later: it is claimed then. Errors: conflict (another import is in it),
  // unavailable (too many are running).
  Result<std::unique_ptr<Ticket>> begin(AccountId account);

 private:
  std::mutex mutex_;
  const std::size_t limit_;
  std::size_t tickets_ = 0;
  std::set<AccountId> accounts_;
  metrics::Gauge shown_{"kontor_imports_running", "Archives being imported now"};
};

}  // namespace kontor::importing
