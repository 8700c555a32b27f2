// SPDX-License-Identifier: AGPL-3.0-or-later
// The alarms of an account as they are stored: see Accounts::due_alarms.
#pragma once

#include <optional>
#include <vector>

#include "groupware/accounts.h"
#include "groupware/calendar/default_alarms.h"
#include "groupware/environment.h"
#include "groupware/stored_account.h"

namespace kontor::groupware {

Result<std::vector<DueAlarm>> stored_alarms(Environment& environment, AccountId account, Instant until,
                                            std::size_t limit);
Result<void> finish_stored_alarms(Environment& environment, StoredAccount& account, const std::vector<DueAlarm>& done,
                                  Instant after, const std::vector<PushMessage>& messages);
Result<std::optional<DefaultAlarmMark>> stored_default_alarms(Environment& environment, AccountId account);
Result<void> finish_stored_default_alarms(Environment& environment, StoredAccount& account,
                                          const DefaultAlarmMark& seen, const std::optional<DefaultAlarmMark>& next,
                                          const std::vector<PushMessage>& messages);
// When the next one is due, of a way that somebody waits for, or default alarms may be.
Result<std::optional<Instant>> next_stored_alarm(Environment& environment, AccountId account);

}  // namespace kontor::groupware
