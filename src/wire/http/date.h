// SPDX-License-Identifier: AGPL-3.0-or-later
// Times in HTTP (RFC 9110 section 5.6.7).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace kontor::wire::http {

// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string print_date(Instant at);

// That form, that of RFC 850 (a year of two digits is at most 50 years ahead of `now`) and asctime()'s. Nothing for
// others; the day of the week is not compared.
std::optional<Instant> parse_date(std::string_view text, Instant now);

}  // namespace kontor::wire::http
