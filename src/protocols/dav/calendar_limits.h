// SPDX-License-Identifier: AGPL-3.0-or-later
// How much a calendar takes: RFC 4791 sections 5.2.5 to 5.2.9. The times that requests may name are in
// wire/dav/calendar_data.h.
#pragma once

#include "formats/icalendar/calendar_object.h"
#include "protocols/dav/family.h"

namespace kontor::dav {

// Of a series that ends: each day until the year 9999, as programs say that have no other word for "always". More is
// denser than anything that takes place. One that never ends is never told as a whole, and may be as dense as it likes.
constexpr std::int64_t kMostInstancesStored = 3'000'000;

// The preconditions of what is put. `own`: addresses of the calendar's owner; meetings of others may have as many
// people as they like, for it is the others who tell them.
Outcome<> check_calendar_limits(const icalendar::CalendarObject& object, const icalendar::ZoneDatabase& zones,
                                const std::vector<std::string>& own);
// Of bytes that cannot be read as such an object: whether that is for a time before all that is reckoned with.
bool has_too_early_times(std::string_view bytes);

const Family& calendar_limits_family();

}  // namespace kontor::dav
