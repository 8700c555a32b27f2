// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/event_clock.h"

#include "formats/icalendar/access.h"

namespace kontor::groupware {

using icalendar::When;

When EventClock::at(Instant instant) const {
  When out{kind, zone->wall_at(instant), kind == When::Kind::zoned ? zone->name() : std::string()};
  if (out.is_date()) out.wall = std::chrono::floor<std::chrono::days>(out.wall);
  return out;
}

EventClock clock_of(const lines::Component& component, const lines::Component& calendar,
                    const icalendar::ZoneDatabase& database, const icalendar::Zone& home) {
  const auto times = icalendar::times_of(component);
  const std::optional<When> model = !times ? std::nullopt : times->start ? times->start : times->end;
  if (model && (model->kind == When::Kind::floating || model->is_date())) return {model->kind, &home, nullptr};
  icalendar::CalendarZones zones(calendar, database);
  const auto own = model && model->kind == When::Kind::zoned ? zones.find(model->zone)
                                                             : Result<icalendar::ZonePointer>(icalendar::utc_zone());
  if (own && model && model->kind == When::Kind::zoned) return {When::Kind::zoned, own->get(), *own};
  const auto utc = icalendar::utc_zone();
  return {When::Kind::utc, utc.get(), utc};
}

}  // namespace kontor::groupware
