// SPDX-License-Identifier: AGPL-3.0-or-later
#pragma once

#include <vector>

#include "net/http_server.h"

namespace kontor::dav {

// "/.well-known/caldav", "/.well-known/carddav" and "/" for clients that know only the host (RFC 6764 section 5): any
// method is sent on to where the principals are found.
std::vector<net::HttpRoute> well_known_routes();

}  // namespace kontor::dav
