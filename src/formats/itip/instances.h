// SPDX-License-Identifier: AGPL-3.0-or-later
// The parts of one UID's object: the series' own component, and those of single instances.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/icalendar/value.h"
#include "formats/icalendar/zones.h"
#include "formats/itip/message.h"

namespace kontor::itip {

// What is more is no meeting: each part of a message is looked for among all that are there, and maybe derived, while a
// mail is being delivered.
constexpr std::ptrdiff_t kMostParts = 1'000;

// Names a part, in whatever zone its RECURRENCE-ID is written: "10:00 in Berlin" and "08:00Z" are the same.
struct PartKey {
  enum class Kind : std::uint8_t { whole, day, wall, instant };

  auto operator<=>(const PartKey&) const = default;
  bool is_whole() const { return kind == Kind::whole; }

  Kind kind = Kind::whole;
  std::int64_t second = 0;
  bool and_future = false;
};

// Reads one VCALENDAR, which must outlive it and keep its components where they are. Not thread-safe.
class Parts {
 public:
  Parts(const Component& calendar, const icalendar::ZoneDatabase& zones);

  // Errors: invalid (a date or zone that cannot be read).
  Result<PartKey> key(const Component& component);
  Result<PartKey> key(const icalendar::When& when, bool and_future = false);
  // The scheduled component of that key; null if there is none or it cannot be read.
  const Component* find(const PartKey& key);
  const Component* master();  // the first without RECURRENCE-ID
  // The instances that EXDATE takes out of a component; what cannot be read is left out.
  std::set<PartKey> excluded(const Component& component);
  // What the instance of a series looks like that has no component of its own; nothing if the series has no such
  // instance. Takes no more work than a window of one instance may.
  std::optional<Component> derive(const PartKey& key);
  // The part of that key, else what derive() gives.
  std::optional<Component> find_or_derive(const PartKey& key);

 private:
  const std::map<PartKey, const Component*>& index();
  bool has_instance(const Component& master, const icalendar::When& id);
  // The key in the kind and zone of the series' DTSTART.
  std::optional<icalendar::When> id_of(const Component& master, const PartKey& key);

  const Component& calendar_;
  const icalendar::ZoneDatabase& database_;
  icalendar::CalendarZones zones_;
  std::optional<std::map<PartKey, const Component*>> index_;
};

// Errors: invalid (a date or zone that cannot be read; two components of the same instance).
Result<void> check_parts(const Component& calendar, const icalendar::ZoneDatabase& zones);

// A calendar without components: VERSION, PRODID, CALSCALE of `like`.
Component empty_like(const Component& like);
// Copies the VTIMEZONEs that the components of `into` name and that it does not have.
void bring_zones(const Component& from, Component& into);
// Puts the component in the place of the one with that key, or behind the others.
void put_part(Component& calendar, const PartKey& key, Component part, const icalendar::ZoneDatabase& zones);
void add_exdate(Component& master, const icalendar::When& id);

}  // namespace kontor::itip
