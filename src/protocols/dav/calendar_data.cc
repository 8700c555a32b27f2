// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/calendar_data.h"

#include <algorithm>

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "formats/icalendar/excerpt.h"
#include "protocols/dav/calendar_filter.h"

namespace kontor::dav {
namespace {

using wire::dav::WantedComponent;

constexpr std::uint64_t kMostSteps = 100'000;  // for one object

}  // namespace

lines::Component selected(const lines::Component& calendar,
                          const WantedComponent& wanted) {  // NOLINT(misc-no-recursion)
  lines::Component out{.name = calendar.name};
  // Neither named: a component without anything would be no calendar, so the whole is meant.
  const bool is_bare = wanted.properties.empty() && wanted.components.empty() && !wanted.has_all_properties &&
                       !wanted.has_all_components;
  for (const lines::Property& property : calendar.properties) {
    const auto named = std::ranges::find_if(
        wanted.properties, [&](const WantedComponent::Property& one) { return property.is(one.name); });
    const bool is_named = named != wanted.properties.end();
    if (!is_named && !wanted.has_all_properties && !is_bare) continue;
    out.properties.push_back(property);
    if (is_named && named->is_without_value) out.properties.back().value.clear();
  }
  for (const lines::Component& inner : calendar.components) {
    const auto named =
        std::ranges::find_if(wanted.components, [&](const WantedComponent& one) { return inner.is(one.name); });
    if (named != wanted.components.end())
      out.components.push_back(selected(inner, *named));
    else if (wanted.has_all_components || is_bare)
      out.components.push_back(inner);
    else
      continue;
    out.components.back().place = lines::Component::kLast;
  }
  return out;
}

Result<std::string> rendered(const std::string& bytes, const wire::dav::CalendarData& wanted,
                             const icalendar::ZoneDatabase& zones, const icalendar::ZonePointer& viewer) {
  if (!wanted.only && !wanted.expand && !wanted.overridden && !wanted.free_busy_limit) return bytes;
  TRY(icalendar::Calendars found, icalendar::read(bytes, "utf-8"));
  lines::Component calendar = std::move(found.calendars.front());
  icalendar::Budget budget(kMostSteps);
  const auto narrow = [&](const auto& make) -> Result<void> {
    icalendar::Occurrences occurrences(calendar, zones, viewer, budget);
    TRY(lines::Component narrowed, make(occurrences));
    calendar = std::move(narrowed);
    return {};
  };
  using Made = Result<lines::Component>;
  if (wanted.expand)
    TRY_VOID(narrow([&](icalendar::Occurrences& occurrences) -> Made {
      return icalendar::expanded(calendar, window_of(*wanted.expand), kMostInstances, occurrences);
    }));
  if (wanted.overridden)
    TRY_VOID(narrow([&](icalendar::Occurrences& occurrences) -> Made {
      return icalendar::without_overrides(calendar, window_of(*wanted.overridden), occurrences);
    }));
  if (wanted.free_busy_limit)
    TRY_VOID(narrow([&](icalendar::Occurrences& occurrences) -> Made {
      return icalendar::without_periods(calendar, window_of(*wanted.free_busy_limit), occurrences);
    }));
  return icalendar::write(wanted.only ? selected(calendar, *wanted.only) : calendar);
}

}  // namespace kontor::dav
