// SPDX-License-Identifier: AGPL-3.0-or-later
// The handlers of the methods that are for resources of every kind, for the table in common.cc and for families whose
// own methods end in one of them.
#pragma once

#include <vector>

#include "protocols/dav/family.h"

namespace kontor::dav {

Outcome<Response> do_options(Context& context, const Resource& resource);
Outcome<Response> do_propfind(Context& context, const Resource& resource);
Outcome<Response> do_proppatch(Context& context, const Resource& resource);
Outcome<Response> do_get(Context& context, const Resource& resource);  // HEAD too
Outcome<Response> do_put(Context& context, const Resource& resource);
Outcome<Response> do_delete(Context& context, const Resource& resource);
Outcome<Response> do_mkcol(Context& context, const Resource& resource);
Outcome<Response> do_copy(Context& context, const Resource& resource);
Outcome<Response> do_move(Context& context, const Resource& resource);
Outcome<Response> do_lock(Context& context, const Resource& resource);
Outcome<Response> do_unlock(Context& context, const Resource& resource);
Outcome<Response> do_report(Context& context, const Resource& resource);
Outcome<Response> do_sync(Context& context, const Resource& collection, const wire::dav::Report& report);

// What a PUT must know before its body is taken: where it goes, that it may, and of what kind it will be.
struct PutPlan {
  groupware::Kind kind = groupware::Kind::files;
  TenantId tenant;
  std::uint64_t largest = 0;  // bytes
};
Outcome<PutPlan> plan_put(Context& context, const Resource& resource);

// Makes a folder with these properties (MKCOL, MKCALENDAR): of the kind `kind`, or, where none is given, of what its
// path and its properties say. 201, or 207 in the form of `root` (RFC 5689 section 3.3) if a property could not be set:
// then nothing was made.
Outcome<Response> make_collection(Context& context, const Resource& resource,
                                  const std::vector<xml::Element>& properties, std::optional<groupware::Kind> kind,
                                  xml::NameView root);

// Sets properties on a resource, live and dead, in order; all or nothing. Nothing: all were set.
struct PropertyFault {
  xml::Name name;
  Problem problem;
};
Outcome<void> set_properties(Context& context, groupware::Transaction& transaction, const Resource& resource,
                             const std::vector<wire::dav::PropertyChange>& changes,
                             std::optional<PropertyFault>& fault);
// One DAV:propstat for each status: the property at fault, and all others by 424, or all by 200.
void print_outcome(
    const std::vector<wire::dav::PropertyChange>& changes, const std::optional<PropertyFault>& fault,
    const std::function<void(const std::vector<xml::Name>&, unsigned, std::optional<xml::NameView>)>& out);

// The kind that an item put into the folder has.
groupware::Kind item_kind(const groupware::Folder& folder);

// What all families say of a change, before it is done: the checks, then the plans.
Outcome<void> ask_families(Context& context, Change& change, Consequences& consequences);
// Whether the item is still as it was found, or the name still absent: what was planned for it may be done. To be asked
// in the commit.
bool is_as_found(const groupware::Reader& reader, const Resource& resource);
// What others change at the same time is planned anew: does `change` with the resource as it is now, until it does not
// set `is_stale`.
using PlannedChange = Outcome<Response> (*)(Context&, const Resource&, bool& is_stale);
Outcome<Response> until_as_found(Context& context, const Resource& resource, PlannedChange change);

// The bytes of an item, if they are no more than `limit`. Errors: 413.
Outcome<std::shared_ptr<const std::string>> whole_content(Context& context, groupware::Account& account, ItemId item,
                                                          std::uint64_t limit);

}  // namespace kontor::dav
