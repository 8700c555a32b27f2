// SPDX-License-Identifier: AGPL-3.0-or-later
// Time zones as Outlook and Kopano keep them with an item ([MS-OXOCAL] sections 2.2.1.39 and 2.2.1.41), and which zone
// of the world is meant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/icalendar/zones.h"
#include "formats/lines/component.h"

namespace kontor::mapi {

// SYSTEMTIME: with year 0 the nth `weekday` of a month (5: the last), else that very day.
struct ZoneDate {
  bool operator==(const ZoneDate&) const = default;

  std::uint16_t year = 0, month = 0, weekday = 0, day = 0, hour = 0, minute = 0, second = 0;
};

// UTC = local + bias, in minutes.
struct ZoneRule {
  bool operator==(const ZoneRule&) const = default;
  bool has_daylight() const { return standard_begin.month != 0 && daylight_begin.month != 0; }

  std::int32_t bias = 0, standard_bias = 0, daylight_bias = 0;
  ZoneDate standard_begin, daylight_begin;  // month 0: clocks never change
};

// PidLidTimeZoneStruct. Errors: corrupt.
Result<ZoneRule> read_zone_struct(std::string_view bytes);
std::string write_zone_struct(const ZoneRule& rule);

// PidLidAppointmentTimeZoneDefinition...: a Windows key name, and the rules from a year on.
struct ZoneDefinition {
  struct From {
    std::uint16_t flags = 0;  // 1: in force for recurrences, 2: effective now
    std::uint16_t year = 0;
    ZoneRule rule;
  };
  // That of recurrences; else the effective one; else the last. Null if there is none.
  const ZoneRule* rule() const;

  std::string key;  // "W. Europe Standard Time"
  std::vector<From> rules;
};
// Errors: corrupt.
Result<ZoneDefinition> read_zone_definition(std::string_view bytes);

// All that an item says of its zone.
struct ZoneHints {
  std::string_view key;          // of a definition
  std::string_view description;  // PidLidTimeZoneDescription: an IANA name, or "(UTC+01:00) Amsterdam, ..."
  const ZoneRule* rule = nullptr;
};
struct FoundZone {
  std::string id;                             // the TZID
  icalendar::ZonePointer zone;                // never null
  std::optional<lines::Component> vtimezone;  // where no zone of the world is meant
};
// By a name that is known and, where there is a rule, agrees with it now or in `year`; else a zone whose clocks go as
// the rule says all that year or now, the better known ones first; else the rule alone. Nothing without any hint.
std::optional<FoundZone> find_zone(const ZoneHints& hints, int year, const icalendar::ZoneDatabase& database);

// By which a zone's clocks go from now on; nothing where Outlook has no words for it.
std::optional<ZoneRule> rule_in_force(const icalendar::Zone& zone);

// The rule as a VTIMEZONE.
lines::Component vtimezone_of(const ZoneRule& rule, std::string_view id);

}  // namespace kontor::mapi
