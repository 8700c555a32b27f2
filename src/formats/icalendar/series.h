// SPDX-License-Identifier: AGPL-3.0-or-later
// All components of one UID as what takes place in time: the one recurrence engine of all protocols. RRULE, RDATE,
// EXDATE, EXRULE, overrides by RECURRENCE-ID also with THISANDFUTURE, in floating, UTC and zoned time and whole days.
//
// 1. DTSTART is an instance whether the rule hits it or not, unless EXDATE takes it out (RFC 5545 section 3.8.5.2).
// 2. A rule runs on the wall of DTSTART's zone; a time that the wall never shows takes place as section 3.3.5 reads it,
// one that it
//    shows twice takes place once.
// 3. Instances come in the order of their begin. Each is named by what its RECURRENCE-ID is or would be.
// 4. Overrides of instances that the rule does not make take place too. Cancelled ones are shown: their component says
// so.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/rule.h"
#include "formats/icalendar/rule_iterator.h"
#include "formats/icalendar/zones.h"
#include "formats/lines/component.h"

namespace kontor::icalendar {

struct Instance {
  Instant start;
  Instant end;                                  // start, if it takes no time
  When id;                                      // in DTSTART's zone and kind
  const lines::Component* component = nullptr;  // what describes it: its override, or the series' own
};

// How long a series reaches, for an index.
struct Extent {
  Instant first;                // of all begins
  std::optional<Instant> last;  // no end is later; nothing: it never ends, or it takes too long to find out
};

// One that an override gives other times: also when it would have been without.
struct Overridden {
  Instance instance;
  Instant original_start, original_end;
};

class Expansion;

// Refers to the calendar, which must outlive it. Immutable, so thread-safe; so are several expansions of it, but not
// one.
class Series {
 public:
  // Takes the components of `calendar` with that UID. Floating times and whole days take place in the zone `viewer`.
  // Errors: invalid (what cannot be read, and where: a rule, a date, a zone that is not known), too_large.
  static Result<Series> open(const lines::Component& calendar, std::string_view uid, const ZoneDatabase& database,
                             ZonePointer viewer);

  // Instances that overlap [from, to); one without length belongs to the window that it begins in.
  Expansion expand(Instant from, Instant to) const;
  // Nothing if there is no instance at all.
  std::optional<Extent> extent(Budget& budget) const;
  bool is_recurring() const { return !rules_.empty() || !dates_.empty(); }
  // The overrides of single instances, by begin.
  std::vector<Overridden> overridden() const;

 private:
  friend class Expansion;

  // A component's length: nominal days, then exact seconds.
  struct Length {
    std::int64_t days = 0;
    std::int64_t seconds = 0;
  };
  struct Date {
    Wall wall;
    std::optional<Length> length;  // of a PERIOD
  };
  struct Override {
    Wall id;
    Instant start, end;
    const lines::Component* component;
  };
  // From an instance on, until the next of these: described by `component`, begun so much later.
  struct Part {
    Wall from;
    std::chrono::seconds shift;
    ZonePointer zone;
    Length length;
    const lines::Component* component;
  };

  explicit Series(ZonePointer viewer) : viewer_(std::move(viewer)), zone_(viewer_) {}
  Result<void> take_master(const lines::Component& component, CalendarZones& zones);
  Result<void> take_rules(const lines::Component& component, CalendarZones& zones);
  Result<void> take_dates(const lines::Component& component, CalendarZones& zones);
  Result<void> take_override(const lines::Component& component, const RecurrenceId& id, CalendarZones& zones);
  Result<ZonePointer> zone_of(const When& when, CalendarZones& zones) const;
  Result<Wall> to_wall(const When& when, CalendarZones& zones) const;
  Result<Length> length_of(const lines::Component& component, const When& start, CalendarZones& zones) const;
  bool is_excluded(Wall id, Budget& budget) const;
  std::chrono::seconds reach() const;
  When id_of(Wall wall) const;

  ZonePointer viewer_;
  ZonePointer zone_;  // of DTSTART
  const lines::Component* master_ = nullptr;
  When start_;
  std::vector<Rule> rules_, excluding_rules_;
  std::vector<Date> dates_;  // by time; DTSTART too, where there is no rule
  std::set<Wall> excluded_;
  std::set<Wall> excluded_days_;  // a DATE as EXDATE of a series with times
  std::set<Wall> overridden_;
  std::vector<Override> overrides_;  // by begin
  std::vector<Part> parts_;          // by `from`; the first is the series' own
};

// A walk over the instances of a window. Refers to the series.
class Expansion {
 public:
  Expansion(Expansion&&) noexcept;
  Expansion& operator=(Expansion&&) noexcept;
  ~Expansion();

  // The next instance; nothing: there is no more. Errors: too_large, when the budget is spent before.
  Result<std::optional<Instance>> next(Budget& budget);

 private:
  friend class Series;
  struct Source;

  Expansion(const Series& series, Instant from, Instant to);

  const Series* series_;
  Instant from_, to_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::optional<Instance> last_;
};

}  // namespace kontor::icalendar
