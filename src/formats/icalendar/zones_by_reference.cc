// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/zones_by_reference.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>

#include "formats/icalendar/value.h"
#include "formats/icalendar/vtimezone.h"

namespace kontor::icalendar {
namespace {

struct NamedZones {
  std::set<std::string> ids;
  std::optional<Instant> first;
};

void take_names(const lines::Component& component, NamedZones& out) {  // NOLINT(misc-no-recursion): depth is bounded
  if (component.is("VTIMEZONE")) return;
  for (const lines::Property& property : component.properties) {
    const std::string_view id = property.parameter("TZID");
    if (id.empty()) continue;
    out.ids.emplace(id);
    const auto times = whens_of(property);
    if (!times) continue;
    for (const When& one : *times) {
      const Instant at(one.wall.time_since_epoch());
      out.first = std::min(out.first.value_or(at), at);
    }
  }
  for (const lines::Component& inner : component.components) take_names(inner, out);
}

}  // namespace

bool leave_zones_out(lines::Component& calendar, const ZoneDatabase& database) {
  return std::erase_if(calendar.components, [&](const lines::Component& one) {
           return one.is("VTIMEZONE") && database.catalogue().has(lines::unescape(one.value("TZID")));
         }) != 0;
}

bool put_zones_in(lines::Component& calendar, const ZoneDatabase& database) {
  NamedZones named;
  take_names(calendar, named);
  for (const lines::Component& one : calendar.components)
    if (one.is("VTIMEZONE")) named.ids.erase(lines::unescape(one.value("TZID")));
  std::vector<lines::Component> missing;
  const auto from = named.first ? std::optional(*named.first - std::chrono::days(366)) : std::nullopt;
  for (const std::string& id : named.ids)
    if (const ZonePointer zone = database.match(id))
      missing.push_back(vtimezone_between(*zone, id, {.from = from, .until = {}}));
  calendar.components.insert(calendar.components.begin(), missing.begin(), missing.end());
  return !missing.empty();
}

}  // namespace kontor::icalendar
