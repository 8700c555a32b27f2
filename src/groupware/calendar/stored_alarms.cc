// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/stored_alarms.h"

#include <functional>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "groupware/calendar/alarms.h"
#include "groupware/keys.h"
#include "groupware/push/stored_pushes.h"

namespace kontor::groupware {
namespace {

constexpr std::uint64_t kAlarmSteps = 50'000;

// Of an item that cannot be read any more: none. `reader`: of whose alarm it is.
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

// Whether a guest has devices that want to be told.
Result<bool> is_told_at_all(Environment& environment, PrincipalId guest) {
  const auto who = environment.directory.principal(guest);
  if (!who || !who->account()) return false;
  TRY(const auto snapshot, environment.engine.snapshot(store::account_partition(who->account())));
  return has_live_devices(*snapshot, environment.clock.now());
}

// Visits guests who have alarms, each with the ways in which they are told of them, while `visit` gives true.
using VisitGuest = std::function<Result<bool>(PrincipalId guest, AlarmWay way)>;
Result<void> each_guest(Environment& environment, store::Snapshot& snapshot, const VisitGuest& visit) {
  std::string next = key::all('h');
  const std::string end = key::end(next);
  for (;;) {
    PrincipalId guest;
    TRY_VOID(snapshot.scan(next, end, [&](store::Key key, store::Value) {
      if (key.size() >= 9) guest = PrincipalId(read_be64(key.substr(1)));
      return false;
    }));
    if (!guest) return {};
    TRY(const bool is_told, is_told_at_all(environment, guest));
    for (const AlarmWay way : kAlarmWays) {
      if (way == AlarmWay::shown && !is_told) continue;
      TRY(const bool goes_on, visit(guest, way));
      if (!goes_on) return {};
    }
    next = key::end(key::guest_alarms(guest, AlarmWay::shown));
  }
}

// Of each guest in turn, what is due up to `until`: at most `limit` in all.
Result<void> add_guests_alarms(Environment& environment, AccountId host, store::Snapshot& snapshot, Instant until,
                               std::size_t limit, std::vector<DueAlarm>& out) {
  if (out.size() >= limit) return {};
  return each_guest(environment, snapshot, [&](PrincipalId guest, AlarmWay way) -> Result<bool> {
    TRY_VOID(snapshot.scan(key::guest_alarms(guest, way), key::guest_alarms_until(guest, way, until),
                           [&](store::Key key, store::Value value) {
                             if (key.size() != key::kGuestAlarm || value.size() != 8) return true;
                             out.push_back({key::guest_alarm_time(key), FolderId(read_be64(key.substr(18))),
                                            Uid(read_be32(key.substr(26))), ItemId(read_be64(value)), way, guest,
                                            host});
                             return out.size() < limit;
                           }));
    return out.size() < limit;
  });
}

// The first of each guest.
Result<std::optional<Instant>> next_guests_alarm(Environment& environment, store::Snapshot& snapshot) {
  std::optional<Instant> first;
  TRY_VOID(each_guest(environment, snapshot, [&](PrincipalId guest, AlarmWay way) -> Result<bool> {
    const std::string range = key::guest_alarms(guest, way);
    TRY_VOID(snapshot.scan(range, key::end(range), [&](store::Key key, store::Value) {
      if (key.size() != key::kGuestAlarm) return true;
      const Instant at = key::guest_alarm_time(key);
      if (!first || at < *first) first = at;
      return false;
    }));
    return true;
  }));
  return first;
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
  TRY_VOID(add_guests_alarms(environment, account, *snapshot, until, limit, out));
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
  TRY(const auto guests, next_guests_alarm(environment, *snapshot));
  if (guests && (!next || *guests < *next)) next = guests;
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
  std::optional<PrincipalId> of;   // whom the reader is of: alarms come one after the other of each
  std::unique_ptr<Reader> reader;  // none: of who may not read it any more
  for (const DueAlarm& alarm : done) {
    if (of != alarm.guest) {
      auto opened = account.read(alarm.guest ? Caller::user(alarm.guest) : Caller::system());
      if (!opened && opened.error().code != Errc::denied) return std::unexpected(opened.error());
      reader = opened ? *std::move(opened) : nullptr;
      of = alarm.guest;
    }
    next.push_back(reader ? alarm_after(environment, *reader, alarm, std::max(after, alarm.at)) : std::nullopt);
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
