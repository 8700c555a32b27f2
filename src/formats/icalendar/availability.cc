// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/availability.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/bytes.h"
#include "formats/icalendar/access.h"

namespace kontor::icalendar {
namespace {

// What holds of each moment of a window: what was said last.
class Plan {
 public:
  explicit Plan(Window window) : window_(window) { from_then_on_[window.from] = std::nullopt; }

  void say(Instant from, Instant to, std::optional<BusyType> state) {
    from = std::max(from, window_.from), to = std::min(to, window_.to);
    if (from >= to) return;
    if (to < window_.to) from_then_on_.try_emplace(to, std::prev(from_then_on_.upper_bound(to))->second);
    from_then_on_.erase(from_then_on_.lower_bound(from), from_then_on_.lower_bound(to));
    from_then_on_[from] = state;
  }

  std::vector<Busy> times() const {
    std::vector<Busy> out;
    for (auto at = from_then_on_.begin(); at != from_then_on_.end(); ++at) {
      if (!at->second) continue;
      const auto next = std::next(at);
      const Instant to = next == from_then_on_.end() ? window_.to : next->first;
      if (!out.empty() && out.back().to == at->first && out.back().type == *at->second)
        out.back().to = to;
      else
        out.push_back({.from = at->first, .to = to, .type = *at->second});
    }
    return out;
  }

 private:
  Window window_;
  std::map<Instant, std::optional<BusyType>> from_then_on_;
};

// 1 is the highest, 9 the lowest; what says none is lower still.
int rank_of(const lines::Component& availability) {
  const std::string_view text = availability.value("PRIORITY");
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number >= 1 && number <= 9 ? number : 10;
}

BusyType type_of_availability(const lines::Component& availability) {
  const std::string_view type = availability.value("BUSYTYPE");
  return iequals(type, "BUSY")             ? BusyType::busy
         : iequals(type, "BUSY-TENTATIVE") ? BusyType::tentative
                                           : BusyType::unavailable;
}

Result<Instant> instant_of(const When& when, CalendarZones& zones, const ZonePointer& viewer) {
  if (when.kind == When::Kind::utc) return Instant(when.wall.time_since_epoch());
  if (when.kind != When::Kind::zoned) return viewer->resolve(when.wall).at;
  TRY(const ZonePointer zone, zones.find(when.zone));
  return zone->resolve(when.wall).at;
}

// Without a begin or an end it holds from ever or for ever.
Result<Window> span_of(const lines::Component& availability, CalendarZones& zones, const ZonePointer& viewer) {
  TRY(const Times times, times_of(availability));
  Window span;
  if (times.start) {
    TRY(span.from, instant_of(*times.start, zones, viewer));
  }
  if (times.end) {
    TRY(span.to, instant_of(*times.end, zones, viewer));
  } else if (times.duration && times.start) {
    span.to = span.from + times.duration->length();
  }
  return span;
}

// AVAILABLE recurs as an event does: so it is read as one.
lines::Component as_events(const lines::Component& calendar, const lines::Component& availability) {
  lines::Component out{.name = "VCALENDAR"};
  for (const lines::Component& component : calendar.components)
    if (component.is("VTIMEZONE")) out.components.push_back(component);
  for (const lines::Component& inner : availability.components) {
    if (!inner.is("AVAILABLE")) continue;
    out.components.push_back(inner);
    out.components.back().name = "VEVENT";
  }
  return out;
}

constexpr std::size_t kPartsOfAStep = 100;

// Components and what they say: each object of hours, and each series in it, looks at all of its calendar.
std::size_t parts_in(const lines::Component& component) {  // NOLINT(misc-no-recursion): its depth is bounded
  std::size_t out = 1;
  for (const lines::Property& property : component.properties) out += 1 + property.value.size() / kPartsOfAStep;
  for (const lines::Component& inner : component.components) out += parts_in(inner);
  return out;
}

}  // namespace

Result<std::vector<Busy>> unavailable_times(std::span<const Hours> calendars, Window window,
                                            const ZoneDatabase& database, Budget& budget) {
  struct Said {
    const Hours* hours;
    const lines::Component* availability;
    std::size_t steps;  // of a look at all of the calendar
  };
  std::multimap<int, Said, std::greater<>> by_rank;  // the lowest first
  for (const Hours& hours : calendars) {
    const std::size_t steps = 1 + parts_in(*hours.calendar) / kPartsOfAStep;
    for (const lines::Component& component : hours.calendar->components)
      if (component.is("VAVAILABILITY")) by_rank.emplace(rank_of(component), Said{&hours, &component, steps});
  }
  const auto too_many = [] { return fail(Errc::too_large, "There are too many hours of too many kinds."); };
  Plan plan(window);
  for (const auto& [rank, said] : by_rank) {
    const lines::Component& calendar = *said.hours->calendar;
    const ZonePointer& viewer = said.hours->viewer;
    if (!budget.spend(said.steps)) return too_many();
    CalendarZones zones(calendar, database);
    TRY(const Window span, span_of(*said.availability, zones, viewer));
    plan.say(span.from, span.to, type_of_availability(*said.availability));
    const lines::Component events = as_events(calendar, *said.availability);
    std::set<std::string> uids;
    for (const lines::Component& event : events.components) {
      if (!event.is("VEVENT") || !uids.insert(uid(event)).second) continue;
      if (!budget.spend(said.steps)) return too_many();
      TRY(const Series series, Series::open(events, uid(event), database, viewer));
      Expansion expansion = series.expand(window.from, window.to);
      while (true) {
        TRY(const auto next, expansion.next(budget));
        if (!next) break;
        plan.say(std::max(next->start, span.from), std::min(next->end, span.to), std::nullopt);
      }
    }
  }
  return plan.times();
}

Result<std::vector<Busy>> unavailable_times(const lines::Component& calendar, Window window,
                                            const ZoneDatabase& database, const ZonePointer& viewer, Budget& budget) {
  const Hours hours{&calendar, viewer};
  return unavailable_times(std::span(&hours, 1), window, database, budget);
}

}  // namespace kontor::icalendar
