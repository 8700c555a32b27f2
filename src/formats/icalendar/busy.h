// SPDX-License-Identifier: AGPL-3.0-or-later
// When somebody is busy, as VFREEBUSY tells it: RFC 5545 section 3.6.4, RFC 4791 section 7.10.
#pragma once

#include <cstdint>
#include <vector>

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

// The times within the window that a VFREEBUSY tells, cut to it. Appended to `out`, not in order; what cannot be read
// is left out.
void told_times(const lines::Component& free_busy, Window window, std::vector<Busy>& out);

// In order, with what touches or overlaps as one; each type by itself. What takes no time is left out.
std::vector<Busy> merged(std::vector<Busy> times);

// A VCALENDAR with one VFREEBUSY.
lines::Component free_busy(Window window, const std::vector<Busy>& times, Instant now);

}  // namespace kontor::icalendar
