// SPDX-License-Identifier: AGPL-3.0-or-later
// A zone of the world as a VTIMEZONE, for those who do not know it by its name.
#pragma once

#include <optional>

#include "formats/icalendar/zone.h"
#include "formats/lines/component.h"

namespace kontor::icalendar {

// By the rules that hold now and from now on; earlier ones are left out. Nothing where iCalendar cannot say them.
std::optional<lines::Component> vtimezone_of(const Zone& zone, Instant now);

}  // namespace kontor::icalendar
