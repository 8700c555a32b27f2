// SPDX-License-Identifier: AGPL-3.0-or-later
// PROPFIND: RFC 4918 section 9.1.
#include "protocols/dav/methods.h"
#include "protocols/dav/multistatus.h"
#include "protocols/dav/walk.h"

namespace kontor::dav {

Outcome<Response> do_propfind(Context& context, const Resource& resource) {
  if (!resource.is_there()) return deny(404, "there is nothing here");
  using wire::dav::Depth;
  TRY(const Depth depth, wire::dav::parse_depth(context.header("depth"), Depth::infinity));
  TRY(const auto wanted, wire::dav::parse_propfind(context.body));
  if (depth == Depth::infinity) {
    const bool has_bound = resource.account || resource.what == Resource::What::special;
    if (!has_bound || size_of_walk(context, resource, depth) > context.options.most_deep_members)
      return deny(wire::dav::dav("propfind-finite-depth"), "there is too much below this for one answer");
  }
  const bool is_without_itself = depth != Depth::zero && context.preferences().is_without_itself;
  auto walk = std::make_shared<Walk>(resource, depth, is_without_itself);
  return stream_resources(context, [walk, wanted](Context& now, wire::dav::Multistatus& out) {
    return walk->step(now, [&](const Resource& one) { print_resource(now, one, wanted, out); });
  });
}

}  // namespace kontor::dav
