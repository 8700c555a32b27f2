// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: calendars from a few lines, and people who keep them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "formats/itip/difference.h"
#include "formats/itip/plan.h"
#include "formats/itip/receive.h"

namespace kontor::itip {

inline const icalendar::ZoneDatabase& test_zones() {
  static const icalendar::ZoneDatabase zones;
  return zones;
}

// 1997-06-11T19:00:00Z and so many minutes, as the examples of RFC 5546 have it.
inline Setting at_minute(int minute) {
  constexpr auto kStart = std::chrono::sys_days(std::chrono::year(1997) / 6 / 11) + std::chrono::hours(19);
  return {test_zones(), kStart + std::chrono::minutes(minute)};
}

// The components' lines, without VCALENDAR.
inline Component calendar_of(std::string_view lines, std::string_view method = {}) {
  std::string text = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//EN\n";
  if (!method.empty()) text += "METHOD:" + std::string(method) + "\n";
  text += lines;
  text += "\nEND:VCALENDAR\n";
  return icalendar::read(text).value().calendars.front();
}

inline User user(std::string name) { return {.addresses = {std::move(name) + "@example.com"}, .groups = {}}; }

// The part with that RECURRENCE-ID as written, or the series' own.
inline const Component* part_of(const Component& calendar, std::string_view id = {}) {
  for (const Component& part : calendar.components)
    if (is_scheduled(part) && part.value("RECURRENCE-ID") == id) return &part;
  return nullptr;
}

inline std::string status_in(const Component& calendar, std::string_view name, std::string_view id = {}) {
  const Component* part = part_of(calendar, id);
  if (part == nullptr) return "no such part";
  const Property* person = attendee(*part, std::string(name) + "@example.com");
  return person == nullptr ? "not invited" : status_of(*person);
}

// Somebody with a calendar that holds one object at most.
struct Keeper {
  explicit Keeper(std::string name) : who(user(std::move(name))) {}

  // His client stores `after`.
  Result<Plan> put(const Component& after, const Setting& setting) {
    auto plan = plan_change(who, {.before = kept ? &*kept : nullptr, .after = &after}, setting);
    if (plan) kept = plan->object;
    return plan;
  }
  Result<Plan> remove(const Setting& setting) {
    auto plan = plan_change(who, {.before = &*kept, .after = nullptr}, setting);
    if (plan) kept.reset();
    return plan;
  }
  // A message comes.
  Result<Received> get(const Message& message, const Setting& setting, bool takes_uninvited = false) {
    auto received = receive(who,
                            {.message = &message.calendar,
                             .stored = kept ? &*kept : nullptr,
                             .from = message.from,
                             .takes_uninvited = takes_uninvited,
                             .takes_on_behalf = takes_on_behalf},
                            setting);
    if (received && received->fate == Fate::stored) kept = received->object;
    return received;
  }

  User who;
  std::optional<Component> kept;
  bool takes_on_behalf = true;
};

}  // namespace kontor::itip
