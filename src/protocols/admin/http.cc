// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/log.h"
#include "net/blocking.h"
#include "net/http_status.h"
#include "protocols/admin/admin.h"

namespace kontor::admin {
namespace {

constexpr std::string_view kPrefix = "/admin/v1/";
constexpr std::size_t kLargestRequest = 1 << 20;

net::HttpResponse to_response(const Result<std::string>& result) {
  net::HttpResponse response;
  response.content_type = "application/json";
  response.status = result ? 200 : net::http_status(result.error().code);
  response.body = result ? *result : error_json(result.error());
  return response;
}

Task<net::HttpResponse> answer(Admin& admin, Workers& workers, net::HttpRequest request, net::HttpBody& body) {
  if (request.method != "POST") {
    net::HttpResponse response = to_response(fail(Errc::invalid, "Verbs are called with POST"));
    response.status = 405;
    co_return response;
  }
  std::string verb = request.path.substr(std::min(request.path.size(), kPrefix.size()));
  Result<std::string> arguments = co_await body.read_all(kLargestRequest);
  if (!arguments) co_return to_response(arguments);
  Result<std::string> result = co_await net::blocking(workers, [&] { return admin.run(verb, *arguments); });
  co_return to_response(result);
}

}  // namespace

std::vector<net::HttpRoute> routes(Admin& admin, Workers& workers) {
  return {{std::string(kPrefix), [&admin, &workers](net::HttpRequest request, net::HttpBody& body) {
             return answer(admin, workers, std::move(request), body);
           }}};
}

}  // namespace kontor::admin
