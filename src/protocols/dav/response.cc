// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/response.h"

#include "wire/dav/multistatus.h"

namespace kontor::dav {

Response answer(const Problem& problem) {
  Response response;
  response.status = problem.status;
  if (problem.precondition) {
    response.content_type = kXml;
    response.body = wire::dav::error_body(*problem.precondition, problem.paths);
  } else {
    response.body = problem.why + "\n";
  }
  if (problem.status == 503) response.headers.emplace_back("Retry-After", "10");
  return response;
}

}  // namespace kontor::dav
