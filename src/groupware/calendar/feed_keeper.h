// SPDX-License-Identifier: AGPL-3.0-or-later
// Fetches the feeds of all accounts when they are due, and makes their calendars say the same.
//
// Invariants: when a feed is due stands in its account (Accounts::feeds), so that nothing is lost with the process; an
// object that says what it said before is not touched, so that clients are told of what is new alone; what cannot be
// fetched or read changes nothing but the feed's `error`, and is tried again later and later.
#pragma once

#include <atomic>
#include <optional>
#include <thread>

#include "base/metrics.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "groupware/calendar/feeds.h"
#include "groupware/scheduling/timetable.h"

namespace kontor::groupware {

// Thread-safe.
class FeedKeeper {
 public:
  struct Services {
    Accounts& accounts;
    const directory::Directory& directory;
    const Clock& clock;
    FetchFeed fetch;
  };

  // All must outlive it.
  explicit FeedKeeper(Services services);
  ~FeedKeeper() { stop(); }
  FeedKeeper(const FeedKeeper&) = delete;
  FeedKeeper& operator=(const FeedKeeper&) = delete;

  // Begins, on a thread of its own. Once.
  void start();
  // Waits for the feed at work.
  void stop();
  // For whoever fetches: the answer is not wanted any more.
  const std::atomic<bool>& is_ending() const { return is_ending_; }

  // For tests, in place of start(): news are heard and all accounts asked when something is due.
  void listen();
  // Fetches what is due now; when something is due next. One thread at a time. Blocks.
  std::optional<Instant> run();

 private:
  void work();
  void look(AccountId account);
  void serve(AccountId account);
  // Of the account the feed that is due first: then others have their turn.
  Result<void> slice(AccountId account);
  Result<void> refresh(Account& account, Feed feed);
  // What the answer makes of the calendar. Errors: what is to stand in `feed.error`.
  Result<void> take(Account& account, Feed& feed, const FeedAnswer& answer);

  const Services services_;
  const metrics::Counter changed_total_, same_total_, failed_total_;
  Timetable table_;
  std::atomic<bool> is_ending_ = false;  // as table_ says it, for is_ending()
  std::thread thread_;
};

}  // namespace kontor::groupware
