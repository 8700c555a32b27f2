// SPDX-License-Identifier: AGPL-3.0-or-later
// PROPPATCH: RFC 4918 section 9.2.
#include "protocols/dav/dead_properties.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"
#include "protocols/dav/multistatus.h"

namespace kontor::dav {
namespace {

Outcome<void> set_live(Context& context, groupware::Transaction& transaction, const Resource& resource,
                       const wire::dav::PropertyChange& change) {
  const Property* row = find_property(resource, change.property.name);
  if (!row || !row->set)
    return deny(wire::dav::dav("cannot-modify-protected-property"), "the server itself keeps this property");
  return row->set(context, resource, transaction, change.is_removal ? nullptr : &change.property);
}

}  // namespace

Outcome<void> set_properties(Context& context, groupware::Transaction& transaction, const Resource& resource,
                             const std::vector<wire::dav::PropertyChange>& changes,
                             std::optional<PropertyFault>& fault) {
  fault.reset();
  std::vector<const wire::dav::PropertyChange*> dead;
  xml::Name at;
  Outcome<void> done;
  for (const auto& change : changes) {
    at = change.property.name;
    if (!find_property(resource, at) && !is_protected(at))
      dead.push_back(&change);
    else
      done = set_live(context, transaction, resource, change);
    if (!done) break;
  }
  if (done && !dead.empty()) done = set_dead_properties(transaction, resource, dead, at);
  if (!done && (done.error().status < 500 || done.error().status == 507)) fault = PropertyFault{at, done.error()};
  return done;
}

void print_outcome(
    const std::vector<wire::dav::PropertyChange>& changes, const std::optional<PropertyFault>& fault,
    const std::function<void(const std::vector<xml::Name>&, unsigned, std::optional<xml::NameView>)>& out) {
  std::vector<xml::Name> others;
  for (const auto& change : changes)
    if (!fault || change.property.name != fault->name) others.push_back(change.property.name);
  if (fault) {
    std::optional<xml::NameView> precondition;
    if (fault->problem.precondition) precondition = *fault->problem.precondition;
    out({fault->name}, fault->problem.status, precondition);
  }
  if (!others.empty() || !fault) out(others, fault ? 424 : 200, std::nullopt);
}

Outcome<Response> do_proppatch(Context& context, const Resource& resource) {
  if (!resource.is_there()) return deny(404, "there is nothing here");
  TRY(const auto changes, wire::dav::parse_proppatch(context.body));
  if (!resource.account) return deny(403, "the properties of this cannot be changed");
  std::optional<PropertyFault> fault;
  const auto done = context.update(*resource.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    context.afterwards.clear();
    TRY_VOID(check_conditions(context, transaction, resource));
    TRY_VOID(check_locks(context, transaction, resource, Touch::itself));
    return set_properties(context, transaction, resource, changes, fault);
  });
  if (!done && !fault) return std::unexpected(done.error());
  if (done)
    for (const auto& step : context.afterwards) TRY_VOID(step());
  Response response{.status = 207, .content_type = kXml};
  if (!fault && context.preferences().is_minimal) {
    response.headers.emplace_back("Preference-Applied", "return=minimal");
    response.status = 200;
    return response;
  }
  wire::dav::Multistatus out(response.body);
  out.begin(resource.path);
  print_outcome(changes, fault, [&](const auto& names, unsigned status, auto precondition) {
    out.begin_propstat();
    for (const xml::Name& name : names) out.printer().leaf(name);
    out.end_propstat(status, precondition);
  });
  out.end();
  out.finish();
  return response;
}

}  // namespace kontor::dav
