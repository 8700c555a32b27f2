// SPDX-License-Identifier: AGPL-3.0-or-later
// Sends the alarms by e-mail of all accounts when they are due.
//
// Invariants: what is due next stands in each account (Accounts::due_alarms), so that nothing is lost with the process;
// an alarm is done only when the queue has its mail, so that a crash between the two sends one alarm twice, with the
// same Message-ID. What was missed while the server was down is sent if it was due within the last day.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "base/metrics.h"
#include "base/result.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "groupware/rules/outbox.h"

namespace kontor::groupware {

// Thread-safe.
class AlarmSender {
 public:
  struct Services {
    Accounts& accounts;
    const directory::Directory& directory;
    const Clock& clock;
    Outbox& outbox;
  };
  // Of one account; then its alarms of that hour are skipped.
  static constexpr std::uint32_t kMostInAnHour = 100;

  // All must outlive it.
  explicit AlarmSender(Services services);
  ~AlarmSender() { stop(); }
  AlarmSender(const AlarmSender&) = delete;
  AlarmSender& operator=(const AlarmSender&) = delete;

  // Begins, on a thread of its own. Once.
  void start();
  // Waits for the mail at work.
  void stop();

  // For tests, in place of start(): news are heard and all accounts asked when something is due.
  void listen();
  // Sends what is due now; when something is due next. One thread at a time. Blocks.
  std::optional<Instant> run();

 private:
  void work();
  void note(AccountId account, Instant at);
  std::optional<AccountId> next_account(Instant now);
  bool is_ending() const;
  Result<void> slice(AccountId account);
  // What its next alarm must be behind. Errors: unavailable (it is not sent).
  Result<Instant> handle(const Reader& reader, const directory::Principal& owner, const DueAlarm& due);
  Result<void> send(const Reader& reader, const directory::Principal& owner, const DueAlarm& due);
  bool has_credit(AccountId account, Instant now);

  const Services services_;
  const metrics::Counter sent_, missed_, skipped_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::pair<Instant, AccountId>> order_;
  std::map<AccountId, Instant> next_;  // the same by account
  bool is_ending_ = false;
  std::thread thread_;
  // Of run() alone:
  // Message-IDs that the queue has, of alarms that are not noted as done: what is tried again is not sent twice.
  using Alarm = std::tuple<AccountId, ItemId, Instant>;
  std::map<Alarm, std::set<std::string>> put_;
  Instant hour_{};
  std::map<AccountId, std::uint32_t> in_this_hour_;
};

}  // namespace kontor::groupware
