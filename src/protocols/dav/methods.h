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

// What is put into a collection: by PUT, or by a method that changes what is there. Errors: what families say of it;
// sets `is_stale` where it was changed meanwhile.
struct Storing {
  Upload upload;
  std::string content_type = {};  // of files
  bool is_edit = false;           // see Change
  std::vector<std::string> attached = {};
  Consequences consequences = {};
};
struct Stored {
  bool is_new = false;
  bool is_altered = false;  // by what families planned
  Uid uid;
  std::vector<std::pair<std::string, std::string>> headers = {};
};
Outcome<Stored> store_item(Context& context, const Resource& resource, Storing storing, bool& is_stale);
// What was stored, as a resource; and with its families' headers of it. Nothing: it is gone already.
std::optional<Resource> as_stored(Context& context, const Resource& resource, Uid uid);
void add_family_headers(Context& context, const Resource& stored,
                        std::vector<std::pair<std::string, std::string>>& headers);
// Bytes of what is to be stored there.
Outcome<groupware::StagedContent> stage_for(Context& context, const Resource& resource, const std::string& bytes);

// The bytes of an item, if they are no more than `limit`. Errors: 413.
Outcome<std::shared_ptr<const std::string>> whole_content(Context& context, groupware::Account& account, ItemId item,
                                                          std::uint64_t limit);

}  // namespace kontor::dav
