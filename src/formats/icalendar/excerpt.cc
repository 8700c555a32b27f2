// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/excerpt.h"

#include <algorithm>
#include <array>
#include <set>

#include "formats/icalendar/access.h"

namespace kontor::icalendar {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMostExpandedBytes = std::size_t{32} << 20;

// About what it takes, with all that is in it.
std::size_t bytes_of(const lines::Component& component) {  // NOLINT(misc-no-recursion)
  std::size_t out = sizeof(lines::Component) + component.name.size();
  for (const lines::Property& property : component.properties) {
    out += sizeof property + property.name.size() + property.value.size();
    for (const lines::Parameter& parameter : property.parameters) {
      out += sizeof parameter + parameter.name.size();
      for (const std::string& value : parameter.values) out += sizeof(std::string) + value.size();
    }
  }
  for (const lines::Component& inner : component.components) out += bytes_of(inner);
  return out;
}

bool takes_place_in_time(const lines::Component& component) {
  const ComponentKind kind = kind_of(component);
  const bool is_kind = kind == ComponentKind::event || kind == ComponentKind::todo || kind == ComponentKind::journal;
  return is_kind && (component.find("DTSTART") || component.find("DUE") || component.find("RECURRENCE-ID"));
}

When in_utc(Instant at) { return {.kind = When::Kind::utc, .wall = Wall(at.time_since_epoch()), .zone = {}}; }

// A time as an expanded component shows it: `like` says of which kind.
When shown(Instant at, const When& like, const ZonePointer& viewer) {
  if (like.kind == When::Kind::utc || like.kind == When::Kind::zoned) return in_utc(at);
  const Wall wall = viewer->wall_at(at);
  return {.kind = like.kind, .wall = like.is_date() ? Wall(std::chrono::floor<std::chrono::days>(wall)) : wall};
}

// Other properties with a zone: to UTC, where they can be read.
void to_utc(lines::Property& property, CalendarZones& zones) {
  if (property.find("TZID") == nullptr) return;
  if (const auto when = when_of(property); when && when->kind == When::Kind::zoned)
    if (const auto zone = zones.find(when->zone)) set_when(property, in_utc((*zone)->resolve(when->wall).at));
  property.remove("TZID");
}

lines::Component instance_of(const Instance& instance, bool is_recurring, Occurrences& occurrences) {
  static constexpr std::array kRules = {"RRULE", "RDATE", "EXRULE", "EXDATE"};
  lines::Component out = *instance.component;
  const auto times = times_of(out);
  for (const auto& rule : kRules) out.remove(rule);
  const ZonePointer& viewer = occurrences.viewer();
  const char* const end_name = out.is("VTODO") ? "DUE" : "DTEND";
  if (lines::Property* start = out.find("DTSTART"); start && times->start)
    set_when(*start, shown(instance.start, *times->start, viewer));
  if (lines::Property* end = out.find(end_name); end && times->end)
    set_when(*end, shown(instance.end, *times->end, viewer));
  // An RDATE may have given it another length.
  if (times->duration && times->duration->days == 0 &&
      instance.end - instance.start != seconds(std::max<std::int64_t>(times->duration->seconds, 0)))
    out.set("DURATION", print(Duration{.seconds = (instance.end - instance.start).count()}));
  if (is_recurring || out.find("RECURRENCE-ID")) {
    When id = instance.id;
    if (id.kind == When::Kind::zoned)
      if (const auto zone = occurrences.zones().find(id.zone)) id = in_utc((*zone)->resolve(id.wall).at);
    set_when(out.set("RECURRENCE-ID", {}), id);
  }
  for (lines::Property& property : out.properties) to_utc(property, occurrences.zones());
  for (lines::Component& inner : out.components) inner.place = lines::Component::kLast;
  out.place = lines::Component::kLast;
  return out;
}

lines::Component without_components(const lines::Component& calendar) {
  return {.name = calendar.name, .properties = calendar.properties, .components = {}};
}

}  // namespace

Result<lines::Component> expanded(const lines::Component& calendar, Window window, std::size_t most,
                                  Occurrences& occurrences) {
  lines::Component out = without_components(calendar);
  std::set<std::string> uids;
  std::size_t bytes = 0;
  for (const lines::Component& component : calendar.components) {
    if (component.is("VTIMEZONE")) continue;
    if (!takes_place_in_time(component)) {
      out.components.push_back(component);
      continue;
    }
    if (!uids.insert(uid(component)).second) continue;
    const Series* series = occurrences.series(uid(component));
    if (series == nullptr) return fail(Errc::invalid, "The times of this object cannot be read.");
    Expansion expansion = series->expand(window.from, window.to);
    while (true) {
      TRY(const auto next, expansion.next(occurrences.budget()));
      if (!next) break;
      bytes += bytes_of(*next->component);
      const bool is_too_long = bytes > kMostExpandedBytes && !out.components.empty();
      if (out.components.size() == most || is_too_long)
        return fail(Errc::too_large, "There are too many instances in that time.");
      out.components.push_back(instance_of(*next, series->is_recurring(), occurrences));
    }
  }
  return out;
}

lines::Component without_overrides(const lines::Component& calendar, Window window, Occurrences& occurrences) {
  const auto overlaps = [&](Instant start, Instant end) {
    return window.to > start && (start == end ? window.from <= start : window.from < end);
  };
  std::set<const lines::Component*> unwanted;
  std::set<std::string> uids;
  for (const lines::Component& component : calendar.components) {
    if (!component.find("RECURRENCE-ID") || !uids.insert(uid(component)).second) continue;
    const Series* series = occurrences.series(uid(component));
    if (series == nullptr) continue;
    for (const Overridden& one : series->overridden())
      if (!overlaps(one.instance.start, one.instance.end) && !overlaps(one.original_start, one.original_end))
        unwanted.insert(one.instance.component);
  }
  lines::Component out = without_components(calendar);
  for (const lines::Component& component : calendar.components)
    if (!unwanted.contains(&component)) out.components.push_back(component);
  return out;
}

lines::Component without_periods(const lines::Component& calendar, Window window, Occurrences& occurrences) {
  lines::Component out = calendar;
  for (lines::Component& component : out.components) {
    if (!component.is("VFREEBUSY")) continue;
    for (lines::Property& property : component.properties) {
      if (!property.is("FREEBUSY")) continue;
      std::string left;
      for (const std::string_view period : lines::split(property.value, ',')) {
        lines::Property one = property;
        one.value = period;
        if (!occurrences.has_period(one, window)) continue;
        if (!left.empty()) left += ',';
        left += period;
      }
      property.value = std::move(left);
    }
    std::erase_if(component.properties,
                  [](const lines::Property& property) { return property.is("FREEBUSY") && property.value.empty(); });
    for (lines::Component& inner : component.components) inner.place = lines::Component::kLast;
  }
  return out;
}

}  // namespace kontor::icalendar
