// SPDX-License-Identifier: AGPL-3.0-or-later
// REPORT (RFC 3253 section 3.6): to whichever family has the report; and OPTIONS.
#include <algorithm>

#include "protocols/dav/methods.h"

namespace kontor::dav {

Outcome<Response> do_report(Context& context, const Resource& resource) {
  if (!resource.is_there()) return deny(404, "there is nothing here");
  TRY(const wire::dav::Report report, wire::dav::parse_report(context.body));
  for (const Family* family : families())
    for (const Report& row : family->reports)
      if (row.takes(report) && row.scope.covers(resource)) return row.run(context, resource, report);
  return deny(wire::dav::dav("supported-report"), "there is no such report here");
}

Outcome<Response> do_options(Context& context, const Resource& resource) {
  Response response{.status = 200};
  std::string words, allow;
  for (const Family* family : families()) {
    if (family->compliance.empty()) continue;
    // The classes of WebDAV itself stand first, as clients of old expect.
    const std::string before = family == &common_family() ? "" : words;
    words = before.empty() ? std::string(family->compliance) + (words.empty() ? "" : ", " + words)
                           : words + ", " + std::string(family->compliance);
  }
  for (const std::string_view method : methods_on(context, resource))
    allow += (allow.empty() ? "" : ", ") + std::string(method);
  response.headers = {{"DAV", words}, {"Allow", allow}, {"MS-Author-Via", "DAV"}};
  return response;
}

}  // namespace kontor::dav
