// SPDX-License-Identifier: AGPL-3.0-or-later
// The DAV server: WebDAV (RFC 4918), CalDAV and CardDAV over the accounts of the core.
//
// A request is logged in (login/http_login.h), its path is looked up (resource.h), and the table of methods says who
// answers it (family.h). Handlers are plain functions on a worker; only what streams is a coroutine. A part of DAV is a
// Family: see there for how it hangs in its properties, methods, reports and hooks.
//
//   /dav/principals/<address>/                         who there is
//   /dav/calendars/<address>/<collection>/<name>       events, tasks, notes
//   /dav/contacts/<address>/<collection>/<name>        cards
//   /dav/files/<address>/...                           files, nested
//   /dav/public/<name>                                 open to everybody
#pragma once

#include <vector>

#include "net/http_server.h"
#include "protocols/dav/services.h"

namespace kontor::dav {

// `services` must outlive the routes. Serve with http_session(routes, UINT64_MAX): every body has a bound of its own.
std::vector<net::HttpRoute> routes(const Services& services, const Options& options, login::PlainLogin plain);

}  // namespace kontor::dav
