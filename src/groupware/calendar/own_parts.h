// SPDX-License-Identifier: AGPL-3.0-or-later
// What of a calendar's items each of those with whom it is shared has of his own: alarms, what programs keep about
// them, and whether the item takes his time ("per-user data" of Apple's calendarserver-sharing; alerts and
// freeBusyStatus of JMAP for calendars).
//
// The item itself holds its owner's. A guest is whoever is not the account's owner, nor stands in for it (delegates.h;
// members of a shared mailbox), nor the server. He sees the item with his own alarms, none until he sets some, and its
// TRANSP until he says another. What he said is kept beside the item as a VCALENDAR of stubs: for the series, and for
// each instance of which he said something else, a component with RECURRENCE-ID (in UTC, as a date, or floating) and
// these parts alone. It goes with the item, with his right to read it, with him, or when he leaves the share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "formats/icalendar/zones.h"
#include "formats/lines/component.h"
#include "groupware/calendar/facts.h"

namespace kontor::groupware {

constexpr std::size_t kLargestOwnParts = 64 << 10;
constexpr std::size_t kMostGuestsOfItem = 500;
// Of one guest in one account: what is larger than a usual alarm or two is counted.
constexpr std::size_t kUsualOwnParts = 2 << 10, kMostOwnParts = 8 << 20;

constexpr bool has_own_parts(Kind kind) { return kind == Kind::calendar || kind == Kind::tasks || kind == Kind::notes; }

// What a guest keeps beside an item.
struct OwnParts {
  std::string text;  // the stubs; empty: nothing
  std::string base;  // hash of the item's content from which they were taken apart; empty: there is none yet
};

// What a guest puts, taken apart: what of it is everyone's, and what is his.
struct TakenApart {
  std::string shared;
  OwnParts own;
  bool is_same = false;  // nothing is to be changed but what is his
};

// Whether there is something in it that guests do not see.
bool hides_from_guests(const lines::Component& calendar);
// What those see who have said nothing.
lines::Component without_alarms(lines::Component calendar);
// What the guest sees who said `own`. An instance of which he alone says something else gets a component of its own.
lines::Component with_own_parts(const lines::Component& calendar, const lines::Component& own,
                                const icalendar::ZoneDatabase& zones);
// `present`: the item as it is stored; null: it is new. What it has of its owner's is in `shared`, whatever was put.
TakenApart take_apart(const lines::Component& put, const lines::Component* present,
                      const icalendar::ZoneDatabase& zones);

// The same of bytes, which stay as they are where there is nothing to do. Errors: those of reading them.
Result<std::string> seen_without(const std::string& bytes);
Result<std::string> seen_with(const std::string& bytes, std::string_view own, const icalendar::ZoneDatabase& zones);
// What cannot be read is given back whole. Errors: too_large.
Result<TakenApart> take_apart(std::string_view put, const std::string* present, const icalendar::ZoneDatabase& zones);

// What a guest said of an item, and what that makes of it for him: its size, hash and facts.
struct OwnRecord {
  std::string text;
  std::uint64_t size = 0;
  std::string hash;
  bool has_alarms = false;
  bool has_email_alarms = false;
  bool is_transparent = false;
  std::optional<Instant> next_alarm, next_shown_alarm;
  std::optional<Instant>& next(AlarmWay way) { return way == AlarmWay::mail ? next_alarm : next_shown_alarm; }
  const std::optional<Instant>& next(AlarmWay way) const {
    return way == AlarmWay::mail ? next_alarm : next_shown_alarm;
  }
};
// As the guest sees them; null: he said nothing.
Facts seen_by_guest(Facts facts, const OwnRecord* own);

}  // namespace kontor::groupware
