// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether what a component describes takes place in a stretch of time, and whether its alarms ring in it: the tables of
// RFC 4791 section 9.9, for every instance of a recurrence.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/time.h"
#include "formats/icalendar/series.h"
#include "formats/icalendar/zones.h"
#include "formats/lines/component.h"

namespace kontor::icalendar {

// From `from` to before `to`.
struct Window {
  Instant from = Instant::min();
  Instant to = Instant::max();

  bool operator==(const Window&) const = default;
};

// An alarm that is to ring more often is not followed further.
constexpr int kMostAlarmRepeats = 100'000;

// Of one calendar object. Refers to all its arguments; not thread-safe. Where `budget` is spent before it is known, the
// answer is yes: what may take place is better shown than left out.
class Occurrences {
 public:
  // Floating times and whole days take place in the zone `viewer`.
  Occurrences(const lines::Component& calendar, const ZoneDatabase& database, ZonePointer viewer, Budget& budget);

  // Whether an instance that `component` describes, which is one of the calendar's own, overlaps. What cannot be read
  // takes place never, a task without any time always.
  bool overlaps(const lines::Component& component, Window window);
  // Whether `alarm`, which is one of those of `component`, rings.
  bool rings(const lines::Component& component, const lines::Component& alarm, Window window);
  // Whether a property's date or time lies there; a date is a whole day.
  bool is_at(const lines::Property& property, Window window);
  // Whether a period of a FREEBUSY overlaps.
  bool has_period(const lines::Property& property, Window window);

  // The components of that UID; null if they cannot be read.
  const Series* series(const std::string& uid);
  // The instances of `component` that overlap the window or touch it, until `visit` answers false. False: it was not
  // found out.
  bool instances(const lines::Component& component, Window window, const std::function<bool(const Instance&)>& visit);
  const ZonePointer& viewer() const { return viewer_; }
  Budget& budget() { return budget_; }
  CalendarZones& zones() { return zones_; }

 private:
  struct Known {
    std::unique_ptr<Series> series;  // null: cannot be read
    std::unordered_map<const lines::Component*, Overridden> overridden;
  };
  Known& known(const std::string& uid);
  Result<Instant> instant(const When& when);
  bool todo_without_dates(const lines::Component& component, Window window);
  bool busy_overlaps(const lines::Component& component, Window window);

  const lines::Component& calendar_;
  const ZoneDatabase& database_;
  ZonePointer viewer_;
  Budget& budget_;
  CalendarZones zones_;
  std::map<std::string, Known> known_;
};

}  // namespace kontor::icalendar
