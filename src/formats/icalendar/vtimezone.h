// SPDX-License-Identifier: AGPL-3.0-or-later
// A zone of the world as a VTIMEZONE, for those who do not know it by its name.
#pragma once

#include <optional>
#include <string>

#include "formats/icalendar/zone.h"
#include "formats/lines/component.h"

namespace kontor::icalendar {

// By the rules that hold now and from now on; earlier ones are left out.
lines::Component vtimezone_of(const Zone& zone, Instant now);

// With what its clocks did before. Truncated (RFC 7808 section 3.9) where it is said: `from` is the first moment that
// is told, `until` the one after the last. `id`: under which name it is asked for.
struct ZoneSpan {
  std::optional<Instant> from, until;
};
lines::Component vtimezone_between(const Zone& zone, const std::string& id, const ZoneSpan& span);

}  // namespace kontor::icalendar
