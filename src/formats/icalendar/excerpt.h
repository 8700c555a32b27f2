// SPDX-License-Identifier: AGPL-3.0-or-later
// Parts of a calendar object as reports want them: RFC 4791 sections 9.6.5 to 9.6.7.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "formats/icalendar/occurrences.h"
#include "formats/lines/component.h"

namespace kontor::icalendar {

// Every instance that overlaps the window as a component of its own, without rules and time zones: times of a zone are
// in UTC, floating ones and dates stay. What does not take place in time comes as it is.
// Errors: too_large (more than `most` instances, or more than 32 MiB of them, or the budget is spent before they are
// found), invalid (what cannot be read).
Result<lines::Component> expanded(const lines::Component& calendar, Window window, std::size_t most,
                                  Occurrences& occurrences);

// Without the overrides of instances that neither take place in the window nor would have without them. Those that hold
// for all the future stay.
lines::Component without_overrides(const lines::Component& calendar, Window window, Occurrences& occurrences);

// Without the FREEBUSY periods that do not overlap the window.
lines::Component without_periods(const lines::Component& calendar, Window window, Occurrences& occurrences);

}  // namespace kontor::icalendar
