// SPDX-License-Identifier: AGPL-3.0-or-later
// When the owner of an account is busy: over all of its calendars that count.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "groupware/account.h"

namespace kontor::directory {
class Directory;
}

namespace kontor::groupware {

// Of a calendar: "true" where its events take no time in free/busy (schedule-calendar-transp of RFC 6638).
constexpr const char* kTransparentCalendar = "calendar.transparent";

// Of the calendar of that role: a VCALENDAR with the VAVAILABILITY of its owner, who is busy outside of them (RFC
// 7953).
constexpr const char* kAvailability = "calendar.availability";

struct BusyPeriod {
  enum class Kind : std::uint8_t { busy, tentative, unavailable, out_of_office };

  bool operator==(const BusyPeriod&) const = default;

  Instant from, to;
  Kind kind = Kind::busy;
  std::string summary, location;  // for those with right::kFreeBusyDetails, of what is not private or confidential
  std::string uid;                // as these
};

struct FreeBusyOptions {
  std::string except_uid;         // an item that does not count: the one that is being planned
  std::size_t most = 10'000;      // periods; more of them are too_large
  std::uint64_t steps = 500'000;  // of work for all series together
};

// The periods within [from, to), cut to it, by their begin; they may overlap. The hours that the owner keeps count for
// whoever may ask about the default calendar. Tasks and notes do not count, nor does
// what is transparent or cancelled, or what the owner declined; what is not answered yet is tentative. Floating times
// and whole days are of the zone `viewer`. Whoever may ask about the default calendar is told of all that count; of the
// others' details those whom each calendar gives them. Errors: denied, too_large.
Result<std::vector<BusyPeriod>> free_busy(Account& account, const directory::Directory& directory,
                                          const icalendar::ZoneDatabase& zones, const icalendar::ZonePointer& viewer,
                                          const Caller& caller, Instant from, Instant to,
                                          const FreeBusyOptions& options = {});

// Without details: of each kind one period where several touch; a lesser kind not where a greater one is.
std::vector<BusyPeriod> merged(std::vector<BusyPeriod> periods);

}  // namespace kontor::groupware
