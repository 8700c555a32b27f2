// SPDX-License-Identifier: AGPL-3.0-or-later
// MKCOL (RFC 4918 section 9.3) with properties (RFC 5689), and what MKCALENDAR shares with it.
#include <fmt/format.h>

#include "protocols/dav/feeds.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"
#include "protocols/dav/segments.h"
#include "wire/dav/properties.h"
#include "wire/http/reason.h"

namespace kontor::dav {
namespace {

using groupware::Kind;
using wire::dav::caldav;
using wire::dav::carddav;
using wire::dav::dav;

const xml::Element* given(const std::vector<xml::Element>& properties, xml::NameView name) {
  for (const xml::Element& property : properties)
    if (property.is(name)) return &property;
  return nullptr;
}

// A calendar for tasks or notes alone is a task list or a notebook.
Kind calendar_kind(const std::vector<xml::Element>& properties) {
  const auto* set = given(properties, caldav("supported-calendar-component-set"));
  const auto components = set ? set->children(caldav("comp")) : std::vector<const xml::Element*>();
  if (components.size() != 1) return Kind::calendar;
  const std::string* name = components[0]->attribute("name");
  if (name && *name == "VTODO") return Kind::tasks;
  if (name && *name == "VJOURNAL") return Kind::notes;
  return Kind::calendar;
}

Outcome<Kind> new_kind(const Resource& resource, const std::vector<xml::Element>& properties) {
  const auto* type = given(properties, dav("resourcetype"));
  const bool is_calendar = type && type->child(caldav("calendar")),
             is_book = type && type->child(carddav("addressbook"));
  const bool fits =
      (!is_calendar || resource.space == Space::calendars) && (!is_book || resource.space == Space::contacts);
  const bool is_subscribed = type && type->child(kSubscribedType);
  if (is_subscribed && (resource.space != Space::calendars || !given(properties, kFeedSource)))
    return deny(dav("valid-resourcetype"), "a subscription is a calendar with a source");
  if (!fits || (type && !type->child(dav("collection"))))
    return deny(dav("valid-resourcetype"), "there can be no such collection here");
  if (resource.space == Space::calendars) return calendar_kind(properties);
  if (resource.space == Space::contacts) return Kind::contacts;
  return Kind::files;
}

// What is nested in a home is in no folder; there names are unique, so a taken one is varied: the path has its own.
Outcome<FolderId> make_folder(groupware::Transaction& transaction, const Resource& resource, Kind kind) {
  groupware::Transaction::NewFolder folder;
  folder.kind = kind;
  folder.name = resource.name;
  if (kind == Kind::files) {
    folder.parent = resource.folder->id;
    TRY(const FolderId id, transaction.create_folder(folder));
    return id;
  }
  for (int i = 2; transaction.folders()->child(FolderId(), folder.name, kind); ++i)
    folder.name = resource.name + " " + std::to_string(i);
  TRY(const FolderId id, transaction.create_folder(folder));
  groupware::Transaction::FolderChange change;
  change.properties[kNameProperty] = resource.name;
  TRY_VOID(transaction.change_folder(id, change));
  return id;
}

Outcome<void> check_place(Context& context, groupware::Transaction& transaction, const Resource& resource, Kind kind) {
  TRY_VOID(check_conditions(context, transaction, resource));
  if (kind == Kind::files) {
    if (transaction.named(resource.folder->id, resource.name)) return deny(405, "there is something of that name");
    return check_locks(context, transaction, resource, Touch::name);
  }
  const auto others = segments_in(resource.space, *transaction.folders());
  if (others.contains(resource.name)) return deny(405, "there is a collection of that name");
  return {};
}

// The source of a subscription first: what is said of it is about it.
std::vector<wire::dav::PropertyChange> as_changes(const std::vector<xml::Element>& properties) {
  std::vector<wire::dav::PropertyChange> out;
  if (const auto* source = given(properties, kFeedSource)) out.push_back({false, *source});
  for (const xml::Element& property : properties)
    if (!property.is(dav("resourcetype")) && !property.is(kFeedSource)) out.push_back({false, property});
  return out;
}

Response refused_properties(const std::vector<wire::dav::PropertyChange>& changes,
                            const std::optional<PropertyFault>& fault, xml::NameView root) {
  Response response{.status = 424, .content_type = kXml};
  xml::Printer out(response.body, wire::dav::kPrefixes);
  out.open(root);
  print_outcome(changes, fault, [&](const auto& names, unsigned status, auto precondition) {
    out.open(dav("propstat"));
    out.open(dav("prop"));
    for (const xml::Name& name : names) out.leaf(name);
    out.close();
    out.leaf(dav("status"), fmt::format("HTTP/1.1 {} {}", status, wire::http::reason(status)));
    if (precondition) {
      out.open(dav("error"));
      out.leaf(*precondition);
      out.close();
    }
    out.close();
  });
  out.close();
  return response;
}

}  // namespace

Outcome<Response> make_collection(Context& context, const Resource& resource,
                                  const std::vector<xml::Element>& properties, std::optional<Kind> wanted,
                                  xml::NameView root) {
  if (resource.is_there()) return deny(405, "there is something already");
  const bool is_in_files = resource.space == Space::files && resource.folder;
  if (!is_in_files && !resource.is_in_home) return deny(409, "there is no collection to make it in");
  if (resource.is_in_home && is_reserved(resource.name)) return deny(403, "this name is the server's own");
  TRY(Kind kind, new_kind(resource, properties));
  if (wanted) kind = *wanted;
  const auto changes = as_changes(properties);
  std::optional<PropertyFault> fault;
  const auto done = context.update(*resource.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    TRY_VOID(check_place(context, transaction, resource, kind));
    TRY(const FolderId id, make_folder(transaction, resource, kind));
    Resource made = resource;
    made.what = Resource::What::collection;
    made.path = as_collection(resource.path);
    made.folder = transaction.folders()->find(id);
    return set_properties(context, transaction, made, changes, fault);
  });
  if (!done && fault) return refused_properties(changes, fault, root);
  if (!done) return std::unexpected(done.error());
  Response response{.status = 201};
  response.headers.emplace_back("Cache-Control", "no-cache");
  return response;
}

Outcome<Response> do_mkcol(Context& context, const Resource& resource) {
  if (context.body.empty()) return make_collection(context, resource, {}, {}, dav("mkcol-response"));
  const auto type = context.header("content-type");
  if (type.find("xml") == std::string_view::npos) return deny(415, "a collection is made from XML or from nothing");
  TRY(const auto properties, wire::dav::parse_new_collection(context.body, dav("mkcol")));
  return make_collection(context, resource, properties, {}, dav("mkcol-response"));
}

}  // namespace kontor::dav
