// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/stored_alarms.h"

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "groupware/calendar/alarms.h"
#include "groupware/keys.h"

namespace kontor::groupware {
namespace {

constexpr std::uint64_t kAlarmSteps = 50'000;

// Of an item that cannot be read any more: none.
std::optional<Instant> alarm_after(Environment& environment, const Reader& reader, ItemId item, Instant after) {
  const auto facts = reader.facts(item);
  const auto content = reader.content(item);
  if (!facts || !content || (*content)->size() > kLargestDescribed) return std::nullopt;
  const auto bytes = (*content)->read(0, (*content)->size());
  if (!bytes) return std::nullopt;
  const auto read = icalendar::read(*bytes);
  if (!read) return std::nullopt;
  icalendar::Budget budget(kAlarmSteps);
  const auto next =
      next_alarms(read->calendars.front(), facts->uid, after, environment.zones, environment.home, budget);
  return next && !next->empty() ? std::optional(next->front().at) : std::nullopt;
}

}  // namespace

Result<std::vector<DueAlarm>> stored_alarms(Environment& environment, AccountId account, Instant until,
                                            std::size_t limit) {
  TRY(const auto snapshot, environment.engine.snapshot(store::account_partition(account)));
  std::vector<DueAlarm> out;
  if (limit == 0) return out;
  TRY_VOID(snapshot->scan(key::all('J'), key::alarms_until(until), [&](store::Key key, store::Value value) {
    if (key.size() != 21 || value.size() != 8) return true;  // for `kontor check`
    out.push_back({key::alarm_time(key), FolderId(read_be64(key.substr(9))), Uid(read_be32(key.substr(17))),
                   ItemId(read_be64(value))});
    return out.size() < limit;
  }));
  return out;
}

// What is next is reckoned before the commit; items that changed meanwhile have noted their next alarm themselves.
Result<void> finish_stored_alarms(Environment& environment, StoredAccount& account, const std::vector<DueAlarm>& done,
                                  Instant after) {
  std::vector<std::optional<Instant>> next;
  {
    TRY(const auto reader, account.read(Caller::system()));
    for (const DueAlarm& alarm : done)
      next.push_back(alarm_after(environment, *reader, alarm.item, std::max(after, alarm.at)));
  }
  TRY_VOID(account.run(Caller::system(), StoredAccount::Loudness::quiet,
                       [&](AccountTransaction& transaction) -> Result<void> {
                         for (std::size_t i = 0; i < done.size(); ++i)
                           TRY_VOID(transaction.set_next_alarm(done[i], next[i]));
                         return {};
                       }));
  return {};
}

}  // namespace kontor::groupware
