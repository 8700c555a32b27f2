// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/occurrences.h"

#include <algorithm>

#include "formats/icalendar/access.h"

namespace kontor::icalendar {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr std::size_t kMostLookedAt = 20'000;  // instances, for one question

// Sums with what a calendar says stay within what an Instant can hold.
Window clamped(Window window) {
  constexpr Instant kFirst = std::chrono::sys_days(std::chrono::year(-8000) / 1 / 1);
  constexpr Instant kLast = std::chrono::sys_days(std::chrono::year(20000) / 1 / 1);
  return {.from = std::clamp(window.from, kFirst, kLast), .to = std::clamp(window.to, kFirst, kLast)};
}

bool overlaps_as_event(Instant start, Instant end, Window window) {
  return start == end ? window.from <= start && window.to > start : window.from < end && window.to > start;
}

bool overlaps_as_todo(const lines::Component& component, Instant start, Instant end, Window window) {
  const bool has_due = component.find("DUE") != nullptr;
  if (component.find("DTSTART") == nullptr && has_due) return window.from < end && window.to >= end;
  const bool is_before_end = window.to > start || window.to >= end;
  if (has_due) return (window.from < end || window.from <= start) && is_before_end;
  if (component.find("DURATION") != nullptr) return window.from <= end && is_before_end;
  return window.from <= start && window.to > start;
}

bool rings_within(const Alarm& alarm, Instant first, Window window) {
  if (first >= window.from) return first < window.to;
  const std::int64_t every = alarm.every.length().count();
  if (alarm.repeat <= 0 || every <= 0) return false;
  const std::int64_t skipped = ((window.from - first).count() + every - 1) / every;
  return skipped <= std::min(alarm.repeat, kMostAlarmRepeats) && first + seconds(skipped * every) < window.to;
}

}  // namespace

Occurrences::Occurrences(const lines::Component& calendar, const ZoneDatabase& database, ZonePointer viewer,
                         Budget& budget)
    : calendar_(calendar),
      database_(database),
      viewer_(std::move(viewer)),
      budget_(budget),
      zones_(calendar, database) {}

Occurrences::Known& Occurrences::known(const std::string& uid) {
  const auto [at, is_new] = known_.try_emplace(uid);
  if (!is_new) return at->second;
  auto series = Series::open(calendar_, uid, database_, viewer_);
  if (!series) return at->second;
  at->second.series = std::make_unique<Series>(*std::move(series));
  for (Overridden& one : at->second.series->overridden())
    at->second.overridden.try_emplace(one.instance.component, std::move(one));
  return at->second;
}

const Series* Occurrences::series(const std::string& uid) { return known(uid).series.get(); }

bool Occurrences::instances(const lines::Component& component, Window window,
                            const std::function<bool(const Instance&)>& visit) {
  const Known& about = known(uid(component));
  if (!about.series) return true;
  if (const auto own = about.overridden.find(&component); own != about.overridden.end()) {
    visit(own->second.instance);
    return true;
  }
  window = clamped(window);
  Expansion expansion = about.series->expand(window.from - seconds(1), window.to + seconds(1));
  for (std::size_t i = 0; i < kMostLookedAt; ++i) {
    const auto next = expansion.next(budget_);
    if (!next) return false;
    if (!*next) return true;
    if ((*next)->component == &component && !visit(**next)) return true;
  }
  return false;
}

bool Occurrences::overlaps(const lines::Component& component, Window window) {
  const ComponentKind kind = kind_of(component);
  if (kind == ComponentKind::free_busy || kind == ComponentKind::availability) return busy_overlaps(component, window);
  if (kind != ComponentKind::event && kind != ComponentKind::todo && kind != ComponentKind::journal) return false;
  if (kind == ComponentKind::todo && !component.find("DTSTART") && !component.find("DUE") &&
      !component.find("RECURRENCE-ID"))
    return todo_without_dates(component, window);
  bool found = false;
  const bool is_known = instances(component, window, [&](const Instance& one) {
    found = kind == ComponentKind::todo ? overlaps_as_todo(component, one.start, one.end, window)
                                        : overlaps_as_event(one.start, one.end, window);
    return !found;
  });
  return found || !is_known;
}

bool Occurrences::rings(const lines::Component& component, const lines::Component& valarm, Window window) {
  const auto alarm = alarm_of(valarm);
  if (!alarm) return false;
  window = clamped(window);
  if (alarm->at) {
    const auto at = instant(*alarm->at);
    return at && rings_within(*alarm, *at, window);
  }
  const seconds before = alarm->before.length();
  const seconds last = before + std::min(alarm->repeat, kMostAlarmRepeats) * alarm->every.length();
  bool found = false;
  const bool is_known =
      instances(component, {.from = window.from - last, .to = window.to - before}, [&](const Instance& one) {
        found = rings_within(*alarm, (alarm->from_end ? one.end : one.start) + before, window);
        return !found;
      });
  return found || !is_known;
}

bool Occurrences::is_at(const lines::Property& property, Window window) {
  const auto when = when_of(property);
  if (!when) return false;
  const auto start = instant(*when);
  if (!start) return false;
  if (!when->is_date()) return window.from <= *start && window.to > *start;
  return overlaps_as_event(*start, viewer_->resolve(when->wall + days(1)).at, window);
}

Result<Instant> Occurrences::instant(const When& when) {
  if (when.kind == When::Kind::utc) return Instant(when.wall.time_since_epoch());
  if (when.kind != When::Kind::zoned) return viewer_->resolve(when.wall).at;
  TRY(const ZonePointer zone, zones_.find(when.zone));
  return zone->resolve(when.wall).at;
}

bool Occurrences::todo_without_dates(const lines::Component& component, Window window) {
  const auto time = [&](std::string_view name) -> std::optional<Instant> {
    const auto found = when(component, name);
    if (!found || !*found) return std::nullopt;
    const auto at = instant(**found);
    return at ? std::optional(*at) : std::nullopt;
  };
  const auto completed = time("COMPLETED");
  const auto created = time("CREATED");
  if (completed && created)
    return (window.from <= *created || window.from <= *completed) && (window.to >= *created || window.to >= *completed);
  if (completed) return window.from <= *completed && window.to >= *completed;
  return !created || window.to > *created;
}

bool Occurrences::busy_overlaps(const lines::Component& component, Window window) {
  const auto times = times_of(component);
  if (!times) return false;
  const auto start = times->start ? instant(*times->start) : Result<Instant>(Instant::min());
  Result<Instant> end = Instant::max();
  if (times->end)
    end = instant(*times->end);
  else if (times->duration && times->start && start)
    end = *start + times->duration->length();
  if (!start || !end) return false;
  if (component.is("VAVAILABILITY")) return window.from < *end && window.to > *start;
  if (times->start && times->end) return window.from <= *end && window.to > *start;
  return std::ranges::any_of(component.properties, [&](const lines::Property& property) {
    return property.is("FREEBUSY") && has_period(property, window);
  });
}

bool Occurrences::has_period(const lines::Property& property, Window window) {
  std::vector<Period> periods;
  if (!whens_of(property, &periods)) return false;
  return std::ranges::any_of(periods, [&](const Period& period) {
    const auto start = instant(period.start);
    if (!start) return false;
    const auto end = period.end ? instant(*period.end) : Result<Instant>(*start + period.duration.length());
    return end && window.from < *end && window.to > *start;
  });
}

}  // namespace kontor::icalendar
