// SPDX-License-Identifier: AGPL-3.0-or-later
#pragma once

#include <vector>

#include "net/http_server.h"

namespace kontor::dav {

// "/.well-known/caldav" and "/.well-known/carddav" for clients that know only the host (RFC 6764 section 5): any method
// is sent on to where the principals are found. At "/" itself what looks for them is answered as `dav` answers at its
// root, and the rest sent on.
std::vector<net::HttpRoute> well_known_routes(net::HttpRoute dav);

}  // namespace kontor::dav
