// SPDX-License-Identifier: AGPL-3.0-or-later
// What of a calendar object a report shows: RFC 4791 section 9.6.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "formats/icalendar/zones.h"
#include "wire/dav/calendar_data.h"

namespace kontor::dav {

// The instances that one object may be expanded to.
constexpr std::size_t kMostInstances = 5'000;

// `bytes` as they are where all is wanted. Errors: invalid (they cannot be read, or not be expanded), too_large.
Result<std::string> rendered(const std::string& bytes, const wire::dav::CalendarData& wanted,
                             const icalendar::ZoneDatabase& zones, const icalendar::ZonePointer& viewer);

// Only the components and properties that are wanted.
lines::Component selected(const lines::Component& calendar, const wire::dav::WantedComponent& wanted);

}  // namespace kontor::dav
