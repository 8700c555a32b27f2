// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/series.h"

#include <fmt/core.h>

#include <algorithm>

#include "formats/icalendar/access.h"

namespace kontor::icalendar {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;

constexpr std::size_t kMostParts = 500;
constexpr std::size_t kMostRules = 50;
constexpr std::uint64_t kStepsToOpen = 8;  // what a rule's iterator costs before its first step

Instant as_utc(Wall wall) { return Instant(wall.time_since_epoch()); }

bool takes_place(const lines::Component& component) {
  const ComponentKind kind = kind_of(component);
  return kind == ComponentKind::event || kind == ComponentKind::todo || kind == ComponentKind::journal;
}

}  // namespace

Result<Series> Series::open(const lines::Component& calendar, std::string_view uid, const ZoneDatabase& database,
                            ZonePointer viewer) {
  CalendarZones zones(calendar, database);
  Series series(std::move(viewer));
  std::vector<std::pair<const lines::Component*, RecurrenceId>> overrides;
  const lines::Component* master = nullptr;
  for (const lines::Component& component : calendar.components) {
    if (!takes_place(component) || icalendar::uid(component) != uid) continue;
    TRY(const auto id, recurrence_id(component));
    if (id)
      overrides.emplace_back(&component, *id);
    else if (master == nullptr)
      master = &component;
  }
  // Some write a RECURRENCE-ID into the series itself.
  const auto own = std::ranges::find_if(overrides, [](const auto& o) { return o.first->find("RRULE") != nullptr; });
  if (master == nullptr && own != overrides.end()) {
    master = own->first;
    overrides.erase(own);
  }
  if (master != nullptr) {
    TRY_VOID(series.take_master(*master, zones));
  } else if (!overrides.empty()) {
    series.start_ = overrides.front().second.when;
    TRY(series.zone_, series.zone_of(series.start_, zones));
  }
  for (const auto& [component, id] : overrides) TRY_VOID(series.take_override(*component, id, zones));
  std::ranges::sort(series.overrides_, {}, &Override::start);
  std::ranges::sort(series.parts_, {}, &Part::from);
  if (series.parts_.size() > kMostParts)
    return fail(Errc::too_large, "The series changes for all the future too often.");
  return series;
}

Result<ZonePointer> Series::zone_of(const When& when, CalendarZones& zones) const {
  switch (when.kind) {
    case When::Kind::utc:
      return zones.find("UTC");
    case When::Kind::zoned:
      return zones.find(when.zone);
    default:
      return viewer_;
  }
}

// What the series' own wall shows at that time.
Result<Wall> Series::to_wall(const When& when, CalendarZones& zones) const {
  if (start_.is_date()) return Wall(floor<days>(when.wall));
  const bool is_local =
      when.kind == When::Kind::date || when.kind == When::Kind::floating || start_.kind == When::Kind::floating;
  if (is_local || (when.kind == start_.kind && when.zone == start_.zone)) return when.wall;
  TRY(const ZonePointer zone, zone_of(when, zones));
  return zone_->wall_at(zone->resolve(when.wall).at);
}

Result<Series::Length> Series::length_of(const lines::Component& component, const When& start,
                                         CalendarZones& zones) const {
  TRY(const Times times, times_of(component));
  // Of a journal, too: RFC 4791 section 9.9.
  const bool is_long = component.is("VEVENT") || component.is("VJOURNAL");
  Length length{.days = start.is_date() && is_long ? 1 : 0};
  if (times.duration) {
    length = {.days = std::max<std::int64_t>(times.duration->days, 0),
              .seconds = std::max<std::int64_t>(times.duration->seconds, 0)};
  } else if (times.end && start.is_date()) {
    length.days = std::max<std::int64_t>((floor<days>(times.end->wall) - floor<days>(start.wall)).count(), length.days);
  } else if (times.end) {
    // RFC 5545 section 3.8.5.3: of DTEND the exact length holds for all instances.
    TRY(const ZonePointer from, zone_of(start, zones));
    TRY(const ZonePointer to, zone_of(*times.end, zones));
    length.seconds =
        std::max<std::int64_t>((to->resolve(times.end->wall).at - from->resolve(start.wall).at).count(), 0);
  }
  return length;
}

Result<void> Series::take_master(const lines::Component& component, CalendarZones& zones) {
  TRY(const Times times, times_of(component));
  // A task that is only due takes place then.
  if (!times.start && !times.end) return {};
  master_ = &component;
  start_ = times.start ? *times.start : *times.end;
  TRY(zone_, zone_of(start_, zones));
  TRY(const Length length, length_of(component, start_, zones));
  parts_.push_back(
      {.from = Wall::min(), .shift = seconds(0), .zone = zone_, .length = length, .component = &component});
  TRY_VOID(take_rules(component, zones));
  return take_dates(component, zones);
}

Result<void> Series::take_rules(const lines::Component& component, CalendarZones& zones) {
  for (const lines::Property& property : component.properties) {
    if (!property.is("RRULE") && !property.is("EXRULE")) continue;
    TRY(Rule rule, parse_rule(property.value));
    if (rule.until && rule.until->kind == When::Kind::utc && start_.kind == When::Kind::zoned) {
      TRY(rule.until->wall, to_wall(*rule.until, zones));
    }
    TRY_VOID(RuleIterator::open(rule, start_.wall, start_.is_date()));  // an unknown calendar shows now
    (property.is("RRULE") ? rules_ : excluding_rules_).push_back(std::move(rule));
    if (rules_.size() + excluding_rules_.size() > kMostRules)
      return fail(Errc::too_large, "The series has too many rules.");
  }
  return {};
}

Result<void> Series::take_dates(const lines::Component& component, CalendarZones& zones) {
  for (const lines::Property* property : component.all("EXDATE")) {
    TRY(const std::vector<When> excluded, whens_of(*property));
    for (const When& when : excluded) {
      TRY(const Wall wall, to_wall(when, zones));
      (when.is_date() && !start_.is_date() ? excluded_days_ : excluded_).insert(wall);
    }
  }
  for (const lines::Property* property : component.all("RDATE")) {
    std::vector<Period> periods;
    TRY(const std::vector<When> added, whens_of(*property, &periods));
    for (const When& when : added) {
      TRY(Wall wall, to_wall(when, zones));
      if (when.is_date() && !start_.is_date()) wall += start_.wall - floor<days>(start_.wall);
      dates_.push_back({.wall = wall, .length = {}});
    }
    for (const Period& period : periods) {
      TRY(const Wall wall, to_wall(period.start, zones));
      Length length{.days = period.duration.days, .seconds = period.duration.seconds};
      if (period.end) {
        TRY(const Wall end, to_wall(*period.end, zones));
        length = {.seconds = (zone_->resolve(end).at - zone_->resolve(wall).at).count()};
      }
      dates_.push_back({.wall = wall,
                        .length = Length{.days = std::max<std::int64_t>(length.days, 0),
                                         .seconds = std::max<std::int64_t>(length.seconds, 0)}});
    }
  }
  std::ranges::sort(dates_, {}, &Date::wall);
  return {};
}

Result<void> Series::take_override(const lines::Component& component, const RecurrenceId& id, CalendarZones& zones) {
  TRY(Wall wall, to_wall(id.when, zones));
  if (id.when.is_date() && !start_.is_date()) wall += start_.wall - floor<days>(start_.wall);
  TRY(const Times times, times_of(component));
  const When start = times.start ? *times.start : times.end ? *times.end : id.when;
  TRY(const ZonePointer zone, zone_of(start, zones));
  TRY(const Length length, length_of(component, start, zones));
  if (id.and_future && master_ != nullptr) {
    parts_.push_back(
        {.from = wall, .shift = start.wall - wall, .zone = zone, .length = length, .component = &component});
    return {};
  }
  const Instant begin = zone->resolve(start.wall).at;
  const Instant end = zone->resolve(start.wall + days(length.days)).at + seconds(length.seconds);
  overridden_.insert(wall);
  overrides_.push_back({.id = wall, .start = begin, .end = std::max(begin, end), .component = &component});
  return {};
}

bool Series::is_excluded(Wall id, Budget& budget) const {
  if (excluded_.contains(id) || excluded_days_.contains(Wall(floor<days>(id)))) return true;
  return std::ranges::any_of(excluding_rules_, [&](const Rule& rule) {
    budget.spend(kStepsToOpen);
    auto iterator = RuleIterator::open(rule, start_.wall, start_.is_date(), FirstInstance::if_hit);
    if (!iterator) return false;
    iterator->seek(id);
    return iterator->next(budget) == id;
  });
}

// No instance is longer.
seconds Series::reach() const {
  std::int64_t most = 0;
  const auto take = [&](const Length& length) { most = std::max(most, length.days * 86400 + length.seconds); };
  for (const Part& part : parts_) take(part.length);
  for (const Date& date : dates_)
    if (date.length) take(*date.length);
  return seconds(most);
}

When Series::id_of(Wall wall) const { return {.kind = start_.kind, .wall = wall, .zone = start_.zone}; }

std::vector<Overridden> Series::overridden() const {
  std::vector<Overridden> out;
  out.reserve(overrides_.size());
  for (const Override& o : overrides_) {
    Overridden one{.instance = {.start = o.start, .end = o.end, .id = id_of(o.id), .component = o.component},
                   .original_start = zone_->resolve(o.id).at,
                   .original_end = {}};
    one.original_end = one.original_start;
    const auto behind = std::ranges::upper_bound(parts_, o.id, {}, &Part::from);
    if (behind != parts_.begin()) {
      const Part& part = *std::prev(behind);
      const Wall wall = o.id + part.shift;
      one.original_start = part.zone->resolve(wall).at;
      one.original_end = part.zone->resolve(wall + days(part.length.days)).at + seconds(part.length.seconds);
    }
    out.push_back(std::move(one));
  }
  return out;
}

std::optional<Extent> Series::extent(Budget& budget) const {
  auto all = expand(Instant::min(), Instant::max());
  const auto first = all.next(budget);
  if (first && !*first) return std::nullopt;
  Extent extent{.first = first ? (*first)->start : as_utc(start_.wall) - days(2), .last = {}};
  if (!first)
    for (const Override& o : overrides_) extent.first = std::min(extent.first, o.start);
  Wall last = start_.wall;
  for (const Date& date : dates_) last = std::max(last, date.wall);
  for (const Rule& rule : rules_) {
    if (!rule.count && !rule.until) return extent;
    if (!rule.count) {
      last = std::max(last, rule.until->wall + days(rule.until->is_date() || start_.is_date() ? 1 : 0));
      continue;
    }
    auto iterator = RuleIterator::open(rule, start_.wall, start_.is_date());
    if (!iterator) return extent;
    while (const auto wall = iterator->next(budget)) last = std::max(last, *wall);
    if (budget.is_spent()) return extent;
  }
  Instant end = extent.first;
  for (const Part& part : parts_) end = std::max(end, part.zone->resolve(last + part.shift).at + reach() + days(1));
  if (rules_.empty() && dates_.empty() && !parts_.empty() && first) end = std::max(extent.first, (*first)->end);
  for (const Override& o : overrides_) end = std::max(end, o.end);
  extent.last = end;
  return extent;
}

Expansion Series::expand(Instant from, Instant to) const { return {*this, from, to}; }

}  // namespace kontor::icalendar
