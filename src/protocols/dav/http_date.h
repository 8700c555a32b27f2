// SPDX-License-Identifier: AGPL-3.0-or-later
// Dates as HTTP and WebDAV write them: RFC 9110 section 5.6.7, RFC 3339.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace kontor::dav {

// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(Instant at);
// In any of the three forms; nothing if it is none.
std::optional<Instant> parse_http_date(std::string_view text);
// "1997-12-01T17:42:21Z".
std::string iso_date(Instant at);

}  // namespace kontor::dav
