// SPDX-License-Identifier: AGPL-3.0-or-later
// DELETE: RFC 4918 section 9.6. What is removed stays recoverable for the tenant's time.
#include "protocols/dav/departure.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"
#include "protocols/dav/tree.h"

namespace kontor::dav {
namespace {

Outcome<Response> delete_once(Context& context, const Resource& resource, bool& is_stale) {
  if (!resource.is_there()) return deny(404, "there is nothing here");
  TRY(const auto depth, wire::dav::parse_depth(context.header("depth"), wire::dav::Depth::infinity));
  const bool is_collection = resource.what == Resource::What::collection;
  if (is_collection && depth != wire::dav::Depth::infinity)
    return deny(400, "a collection is removed with all that is in it");
  Consequences consequences;
  Change change{.what = Change::What::remove, .target = resource};
  if (!is_collection) TRY_VOID(ask_families(context, change, consequences));
  Faults faults;
  {
    TRY(const auto reader, context.reader(*resource.account));
    TRY_VOID(check_conditions(context, *reader, resource));
  }
  TRY(Departure departure, Departure::of(context, resource));
  const auto done = context.update(*resource.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    is_stale = false;
    TRY_VOID(check_conditions(context, transaction, resource));
    const bool has_plan = !consequences.within.empty() || !consequences.after.empty();
    is_stale = has_plan && !is_as_found(transaction, resource);
    if (is_stale) return deny(409, "it was changed meanwhile");
    const auto put = departure.put(context, transaction);
    is_stale = departure.is_stale();
    if (!put) return put;
    TRY_VOID(remove_resource(context, transaction, resource, faults));
    for (const auto& step : consequences.within) TRY_VOID(step(transaction));
    return {};
  });
  if (!done && !faults.empty()) return answer(resource.path, faults);
  if (!done) return std::unexpected(done.error());
  for (const auto& step : consequences.after) step();
  departure.send(context);
  Response response{.status = 204};
  response.headers = std::move(consequences.headers);
  return response;
}

}  // namespace

Outcome<Response> do_delete(Context& context, const Resource& resource) {
  return until_as_found(context, resource, delete_once);
}

}  // namespace kontor::dav
