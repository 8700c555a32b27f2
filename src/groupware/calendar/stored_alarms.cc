// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/stored_alarms.h"

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "groupware/calendar/alarms.h"
#include "groupware/keys.h"
#include "groupware/push/stored_pushes.h"

namespace kontor::groupware {
namespace {

constexpr std::uint64_t kAlarmSteps = 50'000;

// Of an item that cannot be read any more: none.
std::optional<Instant> alarm_after(Environment& environment, const Reader& reader, const DueAlarm& alarm,
                                   Instant after) {
  const auto facts = reader.facts(alarm.item);
  const auto content = reader.content(alarm.item);
  if (!facts || !content || (*content)->size() > kLargestDescribed) return std::nullopt;
  const auto bytes = (*content)->read(0, (*content)->size());
  if (!bytes) return std::nullopt;
  const auto read = icalendar::read(*bytes);
  if (!read) return std::nullopt;
  icalendar::Budget budget(kAlarmSteps);
  const auto next =
      next_alarms(read->calendars.front(), facts->uid, alarm.way, after, environment.zones, environment.home, budget);
  return next && !next->empty() ? std::optional(next->front().at) : std::nullopt;
}

Result<void> add_alarms(store::Snapshot& snapshot, AlarmWay way, Instant until, std::size_t limit,
                        std::vector<DueAlarm>& out) {
  if (out.size() >= limit) return {};
  return snapshot.scan(key::alarms(way), key::alarms_until(way, until), [&](store::Key key, store::Value value) {
    if (key.size() != 21 || value.size() != 8) return true;  // for `kontor check`
    out.push_back({key::alarm_time(key), FolderId(read_be64(key.substr(9))), Uid(read_be32(key.substr(17))),
                   ItemId(read_be64(value)), way});
    return out.size() < limit;
  });
}

// What is damaged counts as none: `kontor check` puts it right.
Result<std::optional<DefaultAlarmMark>> default_alarm_mark(store::Snapshot& snapshot) {
  TRY(const std::optional<store::Value> stored, snapshot.get(key::default_alarms()));
  return stored ? decode_default_alarm_mark(*stored) : std::nullopt;
}

}  // namespace

Result<std::vector<DueAlarm>> stored_alarms(Environment& environment, AccountId account, Instant until,
                                            std::size_t limit) {
  TRY(const auto snapshot, environment.engine.snapshot(store::account_partition(account)));
  std::vector<DueAlarm> out;
  TRY_VOID(add_alarms(*snapshot, AlarmWay::mail, until, limit, out));
  TRY(const bool is_told, has_live_devices(*snapshot, environment.clock.now()));
  if (is_told) TRY_VOID(add_alarms(*snapshot, AlarmWay::shown, until, limit, out));
  return out;
}

Result<std::optional<Instant>> next_stored_alarm(Environment& environment, AccountId account) {
  TRY(const auto snapshot, environment.engine.snapshot(store::account_partition(account)));
  TRY(const bool is_told, has_live_devices(*snapshot, environment.clock.now()));
  std::optional<Instant> next;
  for (const AlarmWay way : kAlarmWays) {
    std::vector<DueAlarm> first;
    if (way == AlarmWay::mail || is_told) TRY_VOID(add_alarms(*snapshot, way, Instant::max(), 1, first));
    if (!first.empty() && (!next || first.front().at < *next)) next = first.front().at;
  }
  TRY(const auto mark, default_alarm_mark(*snapshot));
  if (mark && (!next || mark->look < *next)) next = mark->look;
  return next;
}

Result<std::optional<DefaultAlarmMark>> stored_default_alarms(Environment& environment, AccountId account) {
  TRY(const auto snapshot, environment.engine.snapshot(store::account_partition(account)));
  return default_alarm_mark(*snapshot);
}

Result<void> finish_stored_default_alarms(Environment& environment, StoredAccount& account,
                                          const DefaultAlarmMark& seen, const std::optional<DefaultAlarmMark>& next,
                                          const std::vector<PushMessage>& messages) {
  TRY_VOID(account.run(Caller::system(), StoredAccount::Loudness::quiet,
                       [&](AccountTransaction& transaction) -> Result<void> {
                         TRY_VOID(transaction.finish_default_alarms(seen, next));
                         return put_pushes(transaction, messages, environment.clock.now());
                       }));
  return {};
}

// What is next is reckoned before the commit; items that changed meanwhile have noted their next alarm themselves.
Result<void> finish_stored_alarms(Environment& environment, StoredAccount& account, const std::vector<DueAlarm>& done,
                                  Instant after, const std::vector<PushMessage>& messages) {
  std::vector<std::optional<Instant>> next;
  {
    TRY(const auto reader, account.read(Caller::system()));
    for (const DueAlarm& alarm : done)
      next.push_back(alarm_after(environment, *reader, alarm, std::max(after, alarm.at)));
  }
  TRY_VOID(account.run(Caller::system(), StoredAccount::Loudness::quiet,
                       [&](AccountTransaction& transaction) -> Result<void> {
                         for (std::size_t i = 0; i < done.size(); ++i)
                           TRY_VOID(transaction.set_next_alarm(done[i], next[i]));
                         return put_pushes(transaction, messages, environment.clock.now());
                       }));
  return {};
}

}  // namespace kontor::groupware
