// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/well_known.h"

#include "protocols/dav/path.h"

namespace kontor::dav {
namespace {

Task<net::HttpResponse> nothing_here(net::HttpRequest, net::HttpBody&) {
  net::HttpResponse response;
  response.status = 404;
  response.body = "There is nothing here.\n";
  co_return response;
}

bool looks_around(std::string_view method) { return method == "PROPFIND" || method == "OPTIONS" || method == "REPORT"; }

}  // namespace

std::vector<net::HttpRoute> well_known_routes(net::HttpRoute dav) {
  // Clients that were given the host alone ask here, and not all of them send the body of a PROPFIND on to where they
  // are sent.
  net::HttpRoute root = dav;
  root.prefix = "/";
  // 307 of those that RFC 6764 section 5 names: after a 301 curl and python-requests ask again without the body, so
  // that a PROPFIND of one property becomes one of all, and not all know 308.
  const net::HttpHandler send_on = net::sends_on(std::string(kRoot));
  root.handler = [handler = std::move(dav.handler), send_on](net::HttpRequest request, net::HttpBody& body) {
    if (request.path != "/") return nothing_here(std::move(request), body);
    if (looks_around(request.method)) return handler(std::move(request), body);
    return send_on(std::move(request), body);
  };
  std::vector<net::HttpRoute> out{{"/.well-known/caldav", send_on}, {"/.well-known/carddav", send_on}};
  out.push_back(std::move(root));
  return out;
}

}  // namespace kontor::dav
