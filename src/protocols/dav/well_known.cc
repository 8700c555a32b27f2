// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/well_known.h"

#include "protocols/dav/path.h"

namespace kontor::dav {
namespace {

// 307 of those that RFC 6764 section 5 names: after a 301 curl and python-requests ask again without the body, so that
// a PROPFIND of one property becomes one of all, and not all know 308.
Task<net::HttpResponse> send_on(net::HttpRequest, net::HttpBody&) {
  net::HttpResponse response;
  response.status = 307;
  response.headers.emplace_back("Location", std::string(kRoot));
  response.headers.emplace_back("Cache-Control", "max-age=86400");
  co_return response;
}

// The root is nothing but the way to DAV: PROPFIND and OPTIONS of clients that were given the host alone.
Task<net::HttpResponse> at_root(net::HttpRequest request, net::HttpBody& body) {
  if (request.path == "/") co_return co_await send_on(std::move(request), body);
  net::HttpResponse response;
  response.status = 404;
  response.body = "There is nothing here.\n";
  co_return response;
}

}  // namespace

std::vector<net::HttpRoute> well_known_routes() {
  return {{"/.well-known/caldav", send_on}, {"/.well-known/carddav", send_on}, {"/", at_root}};
}

}  // namespace kontor::dav
