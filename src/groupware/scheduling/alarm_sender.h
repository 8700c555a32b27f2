// SPDX-License-Identifier: AGPL-3.0-or-later
// Sends the alarms of all accounts when they are due: by e-mail, and to the devices that asked for it.
//
// Invariants: what is due next stands in each account (Accounts::due_alarms), so that nothing is lost with the process;
// an alarm is done only when the queue has its mail, which it takes once by its Message-ID: a crash between the two
// repeats none. What was missed while the server was down is sent if it was due within the last day. What devices
// are told is put where PushStore has it, in the commit that is done with the alarm; after an hour it is of no use.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "groupware/calendar/alarms.h"
#include "groupware/calendar/default_alarms.h"
#include "groupware/push/push.h"
#include "groupware/rules/outbox.h"
#include "groupware/scheduling/timetable.h"

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
  // Of one account and way; then its alarms of that hour are skipped.
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
  // What is to be done about an alarm that is due.
  struct Handled {
    Instant after;  // the item's next alarm must be behind it
    std::vector<PushMessage> messages;
  };
  void work();
  bool is_ending() const { return table_.is_ending(); }
  Result<void> slice(AccountId account);
  // Whether there was any.
  Result<bool> send_noted(Account& account, const directory::Principal& owner, Instant now);
  // One of a guest's own: he is reminded as he sees the item, and if he still may.
  Result<void> send_guests(Account& account, const DueAlarm& due);
  // What others share with somebody may remind him, too, since a device of his wants to be told.
  void note_hosts(const directory::Principal& guest);
  // Those of calendars, for what has none of its own. Whether there were any to look at.
  Result<bool> send_default(Account& account, const directory::Principal& owner, Instant now);
  // `send` does it, and says what devices are told. Errors: unavailable (it is to be tried again).
  using Send = std::function<Result<std::vector<PushMessage>>()>;
  Result<Handled> handle(const directory::Principal& owner, const DueAlarm& due, const Send& send);
  Result<std::vector<PushMessage>> send(const Reader& reader, const directory::Principal& owner, const DueAlarm& due);
  Result<std::vector<PushMessage>> send(const directory::Principal& owner, const DueAlarm& due, const AlarmTime& alarm,
                                        const lines::Component& calendar);
  Result<void> mail(const directory::Principal& owner, const DueAlarm& due, const AlarmTime& alarm,
                    const lines::Component& calendar);
  // What each of the devices is told.
  Result<std::vector<PushMessage>> tell(const directory::Principal& owner, const DueAlarm& due, const AlarmTime& alarm,
                                        const lines::Component& calendar);
  using Alarm = std::tuple<AccountId, PrincipalId, ItemId, Instant>;  // where it is; 0: of its owner
  void forget(const Alarm& alarm);
  bool has_credit(AccountId account, AlarmWay way, Instant now);

  const Services services_;
  const metrics::Counter sent_, shown_, missed_, skipped_;
  Timetable table_;
  std::thread thread_;
  // Of run() alone:
  // Message-IDs that the queue has, of alarms that are not noted as done: what is tried again is not sent twice.
  std::map<Alarm, std::set<std::string>> put_;
  Instant hour_{};
  std::map<std::pair<AccountId, AlarmWay>, std::uint32_t> in_this_hour_;
};

}  // namespace kontor::groupware
