// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/item_times.h"

#include <chrono>

#include "formats/mapi/tags.h"

namespace kontor::mapi {
namespace {

using icalendar::Wall;
using icalendar::When;
using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::seconds;

int year_of(Instant at) { return static_cast<int>(std::chrono::year_month_day(floor<days>(at)).year()); }

}  // namespace

std::optional<FoundZone> zone_of_item(const Properties& item, Instant at, const icalendar::ZoneDatabase& zones) {
  std::optional<ZoneDefinition> definition;
  for (const Tag& tag : {tag::kAppointmentTimeZoneDefinitionRecur, tag::kAppointmentTimeZoneDefinitionStartDisplay}) {
    const std::string* bytes = item.bytes(tag);
    if (definition || bytes == nullptr) continue;
    if (auto found = read_zone_definition(*bytes)) definition = *std::move(found);
  }
  const std::string* bytes = item.bytes(tag::kTimeZoneStruct);
  const auto rule = bytes == nullptr ? Result<ZoneRule>(fail(Errc::not_found, "")) : read_zone_struct(*bytes);
  ZoneHints hints{.key = {}, .description = item.text_or_empty(tag::kTimeZoneDescription), .rule = nullptr};
  if (definition) {
    hints.key = definition->key;
    hints.rule = definition->rule();
  }
  if (hints.rule == nullptr && rule) hints.rule = &*rule;
  return find_zone(hints, year_of(at), zones);
}

FoundZone zone_of_owner(const CalendarContext& context) {
  if (auto zone = context.owner_zone.empty() ? nullptr : context.zones->match(context.owner_zone))
    return {zone->name(), zone, std::nullopt};
  return {"UTC", icalendar::utc_zone(), std::nullopt};
}

bool is_utc(const FoundZone& zone) { return zone.id == "UTC" || zone.id == "Etc/UTC"; }

std::optional<lines::Component> vtimezone_of(const FoundZone& zone) {
  if (is_utc(zone)) return std::nullopt;
  if (zone.vtimezone) return zone.vtimezone;
  const auto rule = rule_in_force(*zone.zone);
  return rule ? std::optional(vtimezone_of(*rule, zone.id)) : std::nullopt;
}

When when_in(const FoundZone& zone, Instant at) {
  if (is_utc(zone)) return {When::Kind::utc, Wall(floor<seconds>(at).time_since_epoch()), {}};
  return {When::Kind::zoned, zone.zone->wall_at(at), zone.id};
}

When day_in(const FoundZone& zone, Instant at) {
  const bool is_utc_midnight = floor<days>(at) == floor<seconds>(at);
  const Wall wall = is_utc_midnight ? wall_of_ticks(at) : zone.zone->wall_at(at) + hours(12);
  return {When::Kind::date, Wall(floor<days>(wall)), {}};
}

Wall wall_of_ticks(Instant at) { return Wall(floor<seconds>(at).time_since_epoch()); }

void set_span(const When& start, const When& end, lines::Component& component) {
  for (const std::string_view name : {"DTSTART", "DTEND", "DURATION"}) component.remove(name);
  icalendar::set_when(component.set("DTSTART", ""), start);
  if (start.is_date()) {
    // A day ends with the next one's midnight, whatever the item says of its last minute.
    When last = end;
    if (last.wall <= start.wall) last.wall = start.wall + days(1);
    icalendar::set_when(component.set("DTEND", ""), last);
  } else if (end.wall != start.wall) {
    icalendar::set_when(component.set("DTEND", ""), end);
  }
}

}  // namespace kontor::mapi
