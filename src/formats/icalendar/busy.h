// SPDX-License-Identifier: AGPL-3.0-or-later
// When somebody is busy, as VFREEBUSY tells it: RFC 5545 section 3.6.4, RFC 4791 section 7.10.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "formats/icalendar/occurrences.h"
#include "formats/lines/component.h"

namespace kontor::icalendar {

enum class BusyType : std::uint8_t { tentative, busy, unavailable };

struct Busy {
  bool operator==(const Busy&) const = default;

  Instant from, to;
  BusyType type = BusyType::busy;
};

// The times within the window that the components of a calendar object take: of events that are neither transparent nor
// cancelled, and of a VFREEBUSY. Appended to `out`, not in order. Errors: too_large (more than `most` in all, or the
// budget is spent). What cannot be read takes no time.
Result<void> busy_times(const lines::Component& calendar, Window window, std::size_t most, Occurrences& occurrences,
                        std::vector<Busy>& out);

// In order, with what touches or overlaps as one; each type by itself. What takes no time is left out.
std::vector<Busy> merged(std::vector<Busy> times);

// A VCALENDAR with one VFREEBUSY.
lines::Component free_busy(Window window, const std::vector<Busy>& times, Instant now);

}  // namespace kontor::icalendar
