// SPDX-License-Identifier: AGPL-3.0-or-later
// What may be one item of a calendar: RFC 4791 sections 4.1 and 5.3.2.1.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "formats/icalendar/access.h"
#include "formats/icalendar/zones.h"
#include "formats/lines/component.h"

namespace kontor::icalendar {

struct CalendarObject {
  lines::Component calendar;
  ComponentKind kind = ComponentKind::event;  // of its components but for time zones
  std::string uid;
};

struct ObjectFault {
  enum class What : std::uint8_t {
    data,       // it is no iCalendar, or its times cannot be read
    object,     // more than one calendar, kind or UID, none at all, a METHOD
    too_large,  // more components than one item may have
  };
  What what = What::data;
  std::string why;  // a sentence for a person
};

constexpr std::size_t kMostComponents = 20'000;

// One calendar with the components of one UID and kind: of a VEVENT, VTODO, VJOURNAL, VFREEBUSY or VAVAILABILITY. What
// programs commonly write wrong is passed over, as in read(); zones that nobody knows are not.
std::expected<CalendarObject, ObjectFault> read_calendar_object(std::string_view bytes, const ZoneDatabase& database);

// The name of the kind's components: "VEVENT".
std::string_view component_name(ComponentKind kind);

}  // namespace kontor::icalendar
