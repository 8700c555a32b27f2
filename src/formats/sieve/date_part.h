// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: parts of a moment as text (RFC 5260 section 4.2).
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace kontor::sieve {

// `zone`: minutes east of UTC; `part`: "year", "std11" ..., lower case; empty if there is no such part.
std::string date_part(Instant at, int zone, std::string_view part);

}  // namespace kontor::sieve
