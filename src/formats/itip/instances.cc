// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/itip/instances.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/bytes.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/series.h"

namespace kontor::itip {
namespace {

using icalendar::When;

constexpr std::uint64_t kMostSteps = 20'000;
constexpr std::string_view kOfSeries[] = {"RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"};

void note_zones(const Component& component, std::set<std::string, std::less<>>& names) {  // NOLINT(misc-no-recursion)
  for (const Property& property : component.properties)
    if (const std::string_view zone = property.parameter("TZID"); !zone.empty()) names.emplace(zone);
  for (const Component& inner : component.components) note_zones(inner, names);
}

}  // namespace

Parts::Parts(const Component& calendar, const icalendar::ZoneDatabase& zones)
    : calendar_(calendar), database_(zones), zones_(calendar, zones) {}

Result<PartKey> Parts::key(const When& when, bool and_future) {
  const std::int64_t wall = when.wall.time_since_epoch().count();
  switch (when.kind) {
    case When::Kind::date:
      return PartKey{PartKey::Kind::day, wall, and_future};
    case When::Kind::floating:
      return PartKey{PartKey::Kind::wall, wall, and_future};
    case When::Kind::utc:
      return PartKey{PartKey::Kind::instant, wall, and_future};
    case When::Kind::zoned:
      break;
  }
  TRY(const icalendar::ZonePointer zone, zones_.find(when.zone));
  return PartKey{PartKey::Kind::instant, zone->resolve(when.wall).at.time_since_epoch().count(), and_future};
}

Result<PartKey> Parts::key(const Component& component) {
  TRY(const std::optional<icalendar::RecurrenceId> id, icalendar::recurrence_id(component));
  if (!id) return PartKey{};
  return key(id->when, id->and_future);
}

const std::map<PartKey, const Component*>& Parts::index() {
  if (index_) return *index_;
  index_.emplace();
  for (const Component& component : calendar_.components)
    if (is_scheduled(component))
      if (const auto found = key(component)) index_->emplace(*found, &component);
  return *index_;
}

const Component* Parts::find(const PartKey& wanted) {
  const auto found = index().find(wanted);
  return found == index().end() ? nullptr : found->second;
}

const Component* Parts::master() {
  for (const Component& component : calendar_.components)
    if (is_scheduled(component) && component.find("RECURRENCE-ID") == nullptr) return &component;
  return nullptr;
}

std::set<PartKey> Parts::excluded(const Component& component) {
  std::set<PartKey> out;
  for (const Property* property : component.all("EXDATE")) {
    const auto dates = icalendar::whens_of(*property);
    if (!dates) continue;
    for (const When& date : *dates)
      if (const auto found = key(date)) out.insert(*found);
  }
  return out;
}

std::optional<When> Parts::id_of(const Component& master, const PartKey& key) {
  const auto start = icalendar::when(master, "DTSTART");
  if (!start || !*start || key.is_whole()) return std::nullopt;
  When id = **start;
  const std::chrono::seconds second(key.second);
  if (key.kind == PartKey::Kind::instant && id.kind == When::Kind::zoned) {
    const auto zone = zones_.find(id.zone);
    if (!zone) return std::nullopt;
    id.wall = (*zone)->wall_at(Instant(second));
    return id;
  }
  const bool fits = (key.kind == PartKey::Kind::day && id.is_date()) ||
                    (key.kind == PartKey::Kind::wall && id.kind == When::Kind::floating) ||
                    (key.kind == PartKey::Kind::instant && id.kind == When::Kind::utc);
  if (!fits) return std::nullopt;
  id.wall = icalendar::Wall(second);
  return id;
}

bool Parts::has_instance(const Component& master, const When& id) {
  Component alone = empty_like(calendar_);
  alone.components.push_back(master);
  for (const Component& component : calendar_.components)
    if (component.is("VTIMEZONE")) alone.components.push_back(component);
  const auto series = icalendar::Series::open(alone, icalendar::uid(master), database_, icalendar::utc_zone());
  if (!series) return false;
  Instant at(id.wall.time_since_epoch());
  if (id.kind == When::Kind::zoned) {
    const auto zone = zones_.find(id.zone);
    if (!zone) return false;
    at = (*zone)->resolve(id.wall).at;
  }
  icalendar::Budget budget(kMostSteps);
  auto window = series->expand(at, at + std::chrono::seconds(1));
  while (true) {
    const auto next = window.next(budget);
    if (!next || !*next) return false;
    if ((*next)->start == at) return true;
  }
}

std::optional<Component> Parts::derive(const PartKey& key) {
  const Component* series = master();
  if (series == nullptr) return std::nullopt;
  const std::optional<When> id = id_of(*series, key);
  const auto start = icalendar::when(*series, "DTSTART");
  if (!id || !start || !*start || !has_instance(*series, *id)) return std::nullopt;
  Component out = *series;
  for (const std::string_view name : kOfSeries) out.remove(name);
  const auto shift = id->wall - (*start)->wall;
  for (const std::string_view name : {"DTSTART", "DTEND", "DUE"}) {
    Property* property = out.find(name);
    if (property == nullptr) continue;
    auto time = icalendar::when_of(*property);
    if (!time) continue;
    time->wall += shift;
    icalendar::set_when(*property, *time);
  }
  Property recurrence_id{.name = "RECURRENCE-ID"};
  icalendar::set_when(recurrence_id, *id);
  if (key.and_future) recurrence_id.set("RANGE", "THISANDFUTURE");
  out.properties.push_back(std::move(recurrence_id));
  return out;
}

std::optional<Component> Parts::find_or_derive(const PartKey& key) {
  if (const Component* found = find(key)) return *found;
  return derive(key);
}

Result<void> check_parts(const Component& calendar, const icalendar::ZoneDatabase& zones) {
  Parts parts(calendar, zones);
  std::set<PartKey> keys;
  for (const Component& part : calendar.components) {
    if (!is_scheduled(part)) continue;
    TRY(const PartKey key, parts.key(part));
    if (!keys.insert(key).second) return fail(Errc::invalid, "two components describe the same instance");
  }
  return {};
}

Component empty_like(const Component& like) {
  Component out{.name = "VCALENDAR"};
  for (const std::string_view name : {"VERSION", "PRODID", "CALSCALE"})
    if (const Property* found = like.find(name)) out.properties.push_back(*found);
  return out;
}

void bring_zones(const Component& from, Component& into) {
  std::set<std::string, std::less<>> named;
  std::set<std::string, std::less<>> had;
  for (const Component& component : into.components)
    if (component.is("VTIMEZONE"))
      had.emplace(component.value("TZID"));
    else
      note_zones(component, named);
  std::vector<Component> brought;
  for (const Component& component : from.components) {
    const std::string_view id = component.is("VTIMEZONE") ? component.value("TZID") : std::string_view();
    if (!id.empty() && named.contains(id) && had.emplace(id).second) brought.push_back(component);
  }
  for (Component& zone : brought) zone.place = Component::kLast;
  into.components.insert(into.components.begin(), brought.begin(), brought.end());
}

void put_part(Component& calendar, const PartKey& key, Component part, const icalendar::ZoneDatabase& zones) {
  const Component* found = Parts(calendar, zones).find(key);
  part.place = Component::kLast;
  if (found == nullptr)
    calendar.components.push_back(std::move(part));
  else
    calendar.components[static_cast<std::size_t>(found - calendar.components.data())] = std::move(part);
}

void add_exdate(Component& master, const When& id) {
  Property out{.name = "EXDATE"};
  icalendar::set_when(out, id);
  master.properties.push_back(std::move(out));
}

}  // namespace kontor::itip
