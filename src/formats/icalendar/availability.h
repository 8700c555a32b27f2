// SPDX-License-Identifier: AGPL-3.0-or-later
// The hours that somebody keeps: VAVAILABILITY with its AVAILABLE (RFC 7953).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "formats/icalendar/busy.h"
#include "formats/icalendar/occurrences.h"
#include "formats/icalendar/zones.h"
#include "formats/lines/component.h"

namespace kontor::icalendar {

// When the VAVAILABILITY of `calendar` leave no time within the window, in order and apart: each does so in its span
// but for its AVAILABLE, in the way that its BUSYTYPE says; where several speak of a time, the one of the highest
// priority decides (section 5). Floating times are of the zone `viewer`. Errors: invalid (what cannot be read),
// too_large (the budget is spent).
Result<std::vector<Busy>> unavailable_times(const lines::Component& calendar, Window window,
                                            const ZoneDatabase& database, const ZonePointer& viewer, Budget& budget);

// The same of several calendars that speak of one person.
struct Hours {
  const lines::Component* calendar = nullptr;
  ZonePointer viewer;
};
Result<std::vector<Busy>> unavailable_times(std::span<const Hours> calendars, Window window,
                                            const ZoneDatabase& database, Budget& budget);

}  // namespace kontor::icalendar
