// SPDX-License-Identifier: AGPL-3.0-or-later
// When the owner of an account is busy: over all of its calendars that count.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "formats/icalendar/busy.h"
#include "groupware/account.h"

namespace kontor::directory {
class Directory;
}

namespace kontor::groupware {

class Accounts;

// Of a calendar: "true" where its events take no time in free/busy (schedule-calendar-transp of RFC 6638).
constexpr const char* kTransparentCalendar = "calendar.transparent";

// Of the calendar of that role: a VCALENDAR with the VAVAILABILITY of its owner, who is busy outside of them (RFC
// 7953).
constexpr const char* kAvailability = "calendar.availability";

// Of the calendar of that role: which calendars of others take its owner's time as his own do, as far as he may read
// them: print_counted_shares() of all.
constexpr const char* kCountedShares = "calendar.counted-shares";
constexpr std::size_t kMostCountedShares = 50;
struct CountedShare {
  AccountId account;
  FolderId folder;
  bool operator==(const CountedShare&) const = default;
};
std::string print_counted_shares(const std::vector<CountedShare>& shares);
// Those that the default calendar names; what is no such text names none.
std::vector<CountedShare> counted_shares(const FolderTable& folders);

struct BusyPeriod {
  enum class Kind : std::uint8_t { busy, tentative, unavailable, out_of_office };

  bool operator==(const BusyPeriod&) const = default;

  Instant from, to;
  Kind kind = Kind::busy;
  std::string summary, location;  // for those with right::kFreeBusyDetails, of what is not private or confidential
  std::string uid;                // as these
};

struct FreeBusyOptions {
  std::string except_uid;           // an item that does not count: the one that is being planned
  std::optional<FolderId> only;     // this calendar alone, also if it takes no time in free/busy
  std::size_t most = 10'000;        // periods; more of them are too_large
  std::uint64_t steps = 1'000'000;  // of work for all series together; more of it is too_large
  Accounts* others = nullptr;       // where kCountedShares are; null: they do not count
};

// The periods within [from, to), cut to it, by their begin; they may overlap. What counts: events that are not
// transparent, cancelled, or declined by the owner (what is not answered yet is tentative), the periods of VFREEBUSY,
// and the hours that the owner keeps: VAVAILABILITY in his calendars and kAvailability, of which the highest priority
// decides (RFC 7953 section 5). Of what others share (kCountedShares) what the owner sees, by his own TRANSP; without
// details, whoever asks. Tasks and notes do not count. Floating times and whole days are of their calendar's
// zone, else of `viewer`. An event that comes every hour or more often is told one by one for its first kMostOfOneEvent
// instances, then as one period until it (as far as its facts know when) or the time asked about ends.
//
// Whoever may ask about the default calendar is told of all that count, but of kAvailability only if all are asked; of
// the others' details those whom each calendar gives them. Errors: denied, too_large.
constexpr std::size_t kMostOfOneEvent = 1'000;
Result<std::vector<BusyPeriod>> free_busy(Account& account, const directory::Directory& directory,
                                          const icalendar::ZoneDatabase& zones, const icalendar::ZonePointer& viewer,
                                          const Caller& caller, Instant from, Instant to,
                                          const FreeBusyOptions& options = {});

// Without details: of each kind one period where several touch; a lesser kind not where a greater one is.
std::vector<BusyPeriod> merged(std::vector<BusyPeriod> periods);
// The same as VFREEBUSY tells it, which knows no absence: that is time in which nobody is available.
std::vector<icalendar::Busy> told(std::vector<BusyPeriod> periods);

}  // namespace kontor::groupware
