// SPDX-License-Identifier: AGPL-3.0-or-later
// Alarms that a person wants for events and tasks that have none of their own (draft-daboo-valarm-extensions-04
// section 8): for those of one calendar, or for those of all calendars that say nothing themselves.
//
// Nothing is put into the objects, so nobody else sees them and no bytes change: they are reckoned with what takes
// place in the next time, by the index of times. So setting one costs the same however much is in a calendar, and what
// comes later, also as an invitation, has it as well. They remind the account's owner. What others set of a calendar
// that is shared with them is kept for their programs.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "groupware/accounts.h"
#include "groupware/calendar/alarms.h"

namespace kontor::groupware {

// Events and tasks that begin at a time of the day, or take whole days.
enum class DefaultAlarm : std::uint8_t { event_time, event_date, task_time, task_date };
constexpr std::array<DefaultAlarm, 4> kDefaultAlarms = {DefaultAlarm::event_time, DefaultAlarm::event_date,
                                                        DefaultAlarm::task_time, DefaultAlarm::task_date};
constexpr std::size_t kLargestDefaultAlarm = 8 << 10;
constexpr std::size_t kMostDefaultAlarms = 10;  // VALARMs in one of them
constexpr std::chrono::days kFarthestDefaultAlarm{366};

// Of which calendar, and whose.
struct DefaultAlarmPlace {
  FolderId folder;       // of a home: its default calendar, with which they are kept
  bool of_home = false;  // of all calendars that have none of their own, but for those that come from elsewhere
  bool is_own = true;    // the account's; else the caller's, which no one else sees
};

// VALARMs one after the other; "": no alarm. Nothing: it was never set. Errors: denied, not_found.
Result<std::optional<std::string>> default_alarm(const Reader& reader, const DefaultAlarmPlace& place,
                                                 DefaultAlarm which);
// Without a value it is not set any more. Errors: invalid (no VALARMs; with what is wrong), denied, not_found,
// over_quota.
Result<void> set_default_alarm(Transaction& transaction, const DefaultAlarmPlace& place, DefaultAlarm which,
                               const std::optional<std::string>& value, Instant now);

// What counts for a calendar: of each kind its own alarms, else those of the home. `home`: the folder with which those
// are kept; null: there is none. In the order of kDefaultAlarms.
struct WantedAlarm {
  std::vector<lines::Component> alarms;
  Instant since;  // when they were set: what was due before is not told
};
using WantedAlarms = std::array<WantedAlarm, kDefaultAlarms.size()>;
WantedAlarms wanted_alarms(const Folder& folder, const Folder* home);

// What of an account is due, and when it has to be looked at again: kept under a key of its own.
struct DefaultAlarmMark {
  bool operator==(const DefaultAlarmMark&) const = default;

  Instant told;                                 // all up to then are done
  Instant look;                                 // not before then is any due
  std::chrono::seconds earliest{0}, latest{0};  // how far they lie from the begin or end of what they are about
  std::uint64_t changes = 0;                    // of what they depend on
};
std::string encode(const DefaultAlarmMark& mark);
std::optional<DefaultAlarmMark> decode_default_alarm_mark(std::string_view bytes);
// Whether something with these facts may be due before the account is looked at anyway.
bool matters(const DefaultAlarmMark& mark, const Facts& facts);
// Of a folder.
bool is_default_alarm(std::string_view property);

struct DueDefaultAlarm {
  DueAlarm due;
  std::shared_ptr<const lines::Component> calendar;  // as stored, with the alarms put into it
  AlarmTime alarm;                                   // points into it
};
struct DefaultAlarmNews {
  bool is_any = false;               // one is set
  std::vector<DueDefaultAlarm> due;  // by time
  std::optional<Instant> next;       // the first that is not due yet
  std::chrono::seconds earliest{0}, latest{0};
  bool is_cut = false;  // there was too much to look at
};
struct DefaultAlarmSearch {
  const icalendar::ZoneDatabase& zones;
  icalendar::ZonePointer home;         // of floating times in calendars without a zone
  std::vector<std::string> addresses;  // of the owner: what he declined has none
  Instant after, now, until;           // due are those after `after` up to `now`; `next` lies before `until`
};
// Not what was due before the item was last changed, or before the alarm was set. Errors: unavailable, corrupt.
Result<DefaultAlarmNews> find_default_alarms(const Reader& reader, const DefaultAlarmSearch& search);

}  // namespace kontor::groupware
