// SPDX-License-Identifier: AGPL-3.0-or-later
// DELETE: RFC 4918 section 9.6. What is removed stays recoverable for the tenant's time.
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"
#include "protocols/dav/tree.h"

namespace kontor::dav {

Outcome<Response> do_delete(Context& context, const Resource& resource) {
  TRY(const auto depth, wire::dav::parse_depth(context.header("depth"), wire::dav::Depth::infinity));
  const bool is_collection = resource.what == Resource::What::collection;
  if (is_collection && depth != wire::dav::Depth::infinity)
    return deny(400, "a collection is removed with all that is in it");
  Consequences consequences;
  Change change{.what = Change::What::remove, .target = resource};
  if (!is_collection) TRY_VOID(ask_families(context, change, consequences));
  Faults faults;
  const auto done = context.update(*resource.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    TRY_VOID(check_conditions(context, transaction, resource));
    TRY_VOID(remove_resource(context, transaction, resource, faults));
    for (const auto& step : consequences.within) TRY_VOID(step(transaction));
    return {};
  });
  if (!done && !faults.empty()) return answer(resource.path, faults);
  if (!done) return std::unexpected(done.error());
  for (const auto& step : consequences.after) step();
  Response response{.status = 204};
  response.headers = std::move(consequences.headers);
  return response;
}

}  // namespace kontor::dav
