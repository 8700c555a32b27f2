// SPDX-License-Identifier: AGPL-3.0-or-later
// The time zone service on HTTP: /timezones, which /.well-known/timezone leads to.
#pragma once

#include <vector>

#include "base/time.h"
#include "base/workers.h"
#include "formats/icalendar/zones.h"
#include "net/http_server.h"

namespace kontor::tzdist {

// All must outlive them.
std::vector<net::HttpRoute> routes(const icalendar::ZoneDatabase& zones, Workers& workers, const Clock& clock);

}  // namespace kontor::tzdist
