// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/tzdist/server.h"

#include <memory>
#include <utility>

#include "net/blocking.h"
#include "protocols/tzdist/service.h"
#include "wire/http/parameters.h"

namespace kontor::tzdist {
namespace {

Task<net::HttpResponse> serve(std::shared_ptr<const Service> service, Workers& workers, net::HttpRequest request) {
  Asked asked{.method = request.method,
              .path = request.path,
              .parameters = wire::http::query_parameters(request.query),
              .headers = request.headers};
  Told told = co_await net::blocking(workers, [&] { return service->answer(asked); });
  net::HttpResponse response;
  response.status = told.status;
  response.content_type = std::move(told.content_type);
  response.headers = std::move(told.headers);
  response.body = std::move(told.body);
  co_return response;
}

}  // namespace

std::vector<net::HttpRoute> routes(const icalendar::ZoneDatabase& zones, Workers& workers, const Clock& clock) {
  const auto service = std::make_shared<const Service>(zones, clock);
  net::HttpRoute route;
  route.prefix = kService;
  route.compresses = true;
  route.handler = [service, &workers](net::HttpRequest request, net::HttpBody&) {
    return serve(service, workers, std::move(request));
  };
  std::vector<net::HttpRoute> out;
  out.push_back({"/.well-known/timezone", net::sends_on(std::string(kService))});
  out.push_back(std::move(route));
  return out;
}

}  // namespace kontor::tzdist
