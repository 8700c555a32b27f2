// SPDX-License-Identifier: AGPL-3.0-or-later
// What resources of every kind have in common: WebDAV itself.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <set>

#include "protocols/dav/family.h"
#include "protocols/dav/language.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"
#include "protocols/dav/state.h"
#include "wire/dav/href.h"
#include "wire/http/date.h"

namespace kontor::dav {
namespace {

using wire::dav::dav;
using What = Resource::What;

constexpr xml::NameView kCtag{wire::dav::kCalendarServer, "getctag"};
constexpr std::uint32_t kCollections = on(What::collection, What::special);

Shown print_resource_type(Context&, const Resource& resource, xml::Printer& out) {
  out.open(dav("resourcetype"));
  if (resource.is_collection()) out.leaf(dav("collection"));
  if (resource.special)
    for (const xml::NameView type : resource.special->types()) out.leaf(type);
  for (const Family* family : families())
    if (family->types)
      for (const xml::NameView type : family->types(resource)) out.leaf(type);
  out.close();
  return Shown::yes;
}

Shown leaf(xml::Printer& out, xml::NameView name, const std::string& text) {
  if (text.empty()) return Shown::absent;
  out.leaf(name, text);
  return Shown::yes;
}

std::string etag_of(const Resource& resource) {
  return resource.entry ? resource.entry->etag : resource.special ? resource.special->etag() : std::string();
}

Shown print_etag(Context&, const Resource& resource, xml::Printer& out) {
  return leaf(out, dav("getetag"), etag_of(resource));
}

Shown print_length(Context& context, const Resource& resource, xml::Printer& out) {
  if (resource.entry) return leaf(out, dav("getcontentlength"), std::to_string(resource.entry->size));
  if (resource.is_collection()) return Shown::absent;
  const auto content = resource.special->content(context);
  return content ? leaf(out, dav("getcontentlength"), std::to_string(content->size())) : Shown::absent;
}

Shown print_content_type(Context& context, const Resource& resource, xml::Printer& out) {
  return leaf(out, dav("getcontenttype"), content_type_of(context, resource));
}

Shown print_modified(Context&, const Resource& resource, xml::Printer& out) {
  if (resource.entry) return leaf(out, dav("getlastmodified"), wire::http::print_date(resource.entry->date.at));
  if (resource.special)
    if (const auto at = resource.special->modified())
      return leaf(out, dav("getlastmodified"), wire::http::print_date(*at));
  return Shown::absent;
}

Shown print_created(Context& context, const Resource& resource, xml::Printer& out) {
  if (!resource.entry) return Shown::absent;
  const auto item = resource.item(context);
  return item ? leaf(out, dav("creationdate"), xml_date((*item)->saved)) : Shown::absent;
}

std::string shown_name(const Resource& resource) {
  if (resource.special) return resource.special->display_name();
  if (resource.what == What::collection) {
    const auto own = resource.folder->properties.find(kDisplayName);
    return own != resource.folder->properties.end() ? own->second : resource.folder->name;
  }
  if (resource.owner) return resource.owner->name.empty() ? resource.owner->primary_address() : resource.owner->name;
  return std::string(name(resource.space));
}

Shown print_display_name(Context&, const Resource& resource, xml::Printer& out) {
  if (resource.what != What::collection) return leaf(out, dav("displayname"), shown_name(resource));
  print_with_language(resource, kNameLanguage, dav("displayname"), shown_name(resource), out);
  return Shown::yes;
}

// The folder takes the name, so that all programs show it, where it can; its path stays as it is.
Outcome<> set_display_name(Context&, const Resource& resource, groupware::Transaction& transaction,
                           const xml::Element* value) {
  if (resource.what != What::collection) return deny(403, "the name of this cannot be changed");
  const std::string wish = value ? value->own_text() : std::string();
  const FolderId id = resource.folder->id;
  const auto folder = transaction.folders()->find(id);
  if (!folder) return deny(404, "it is gone");
  groupware::Transaction::FolderChange change;
  change.properties[kDisplayName] = wish;
  note_language(change, kNameLanguage, value);
  if (!wish.empty() && folder->kind != groupware::Kind::files && wish != folder->name) {
    const auto renamed = transaction.attempt([&](groupware::Transaction& step) -> Result<void> {
      groupware::Transaction::FolderChange path;
      path.properties[kNameProperty] = segment_of(*step.folders(), *folder);
      TRY_VOID(step.change_folder(id, path));
      return step.rename_folder(id, folder->parent, wish);
    });
    if (renamed) change.properties[kDisplayName].clear();
  } else if (wish == folder->name) {
    change.properties[kDisplayName].clear();
  }
  TRY_VOID(transaction.change_folder(id, change));
  return {};
}

Shown print_supported_lock(Context&, const Resource& resource, xml::Printer& out) {
  out.open(dav("supportedlock"));
  for (const std::string_view scope : {"exclusive", "shared"}) {
    if (!resource.folder) break;
    out.open(dav("lockentry"));
    out.open(dav("lockscope"));
    out.leaf(dav(scope));
    out.close();
    out.open(dav("locktype"));
    out.leaf(dav("write"));
    out.close();
    out.close();
  }
  out.close();
  return Shown::yes;
}

Shown print_lock_discovery(Context& context, const Resource& resource, xml::Printer& out) {
  out.open(dav("lockdiscovery"));
  if (resource.folder && resource.account) {
    const auto reader = context.reader(*resource.account);
    if (reader)
      if (const auto locks = locks_on(**reader, resource, context.now())) print_locks(context, resource, *locks, out);
  }
  out.close();
  return Shown::yes;
}

// RFC 4331. Of an account without a limit there is no saying how much is left.
Shown print_quota(Context& context, const Resource& resource, xml::Printer& out, bool is_used) {
  if (!resource.account || resource.rights(context) == 0) return Shown::absent;
  const auto reader = context.reader(*resource.account);
  if (!reader) return Shown::absent;
  const auto usage = (*reader)->usage();
  if (is_used) return leaf(out, dav("quota-used-bytes"), std::to_string(usage.bytes));
  if (!usage.limit) return Shown::absent;
  const auto left = usage.limit > usage.bytes ? usage.limit - usage.bytes : 0;
  return leaf(out, dav("quota-available-bytes"), std::to_string(left));
}
Shown print_used(Context& context, const Resource& resource, xml::Printer& out) {
  return print_quota(context, resource, out, true);
}
Shown print_available(Context& context, const Resource& resource, xml::Printer& out) {
  return print_quota(context, resource, out, false);
}

Shown print_methods(Context& context, const Resource& resource, xml::Printer& out) {
  out.open(dav("supported-method-set"));
  for (const std::string_view method : methods_on(context, resource)) {
    out.open(dav("supported-method"), {{"name", method}});
    out.close();
  }
  out.close();
  return Shown::yes;
}

Shown print_reports(Context&, const Resource& resource, xml::Printer& out) {
  out.open(dav("supported-report-set"));
  std::set<xml::Name> seen;
  for (const Family* family : families())
    for (const Report& report : family->reports) {
      if (!report.scope.covers(resource) || !seen.insert(report.name).second) continue;
      out.open(dav("supported-report"));
      out.open(dav("report"));
      out.leaf(report.name);
      out.close();
      out.close();
    }
  out.close();
  return Shown::yes;
}

Shown print_sync_token(Context& context, const Resource& resource, xml::Printer& out) {
  return leaf(out, dav("sync-token"), collection_state(context, resource).value_or(""));
}
Shown print_ctag(Context& context, const Resource& resource, xml::Printer& out) {
  return leaf(out, kCtag, collection_state(context, resource).value_or(""));
}

constexpr std::uint32_t kReadable = on(What::item, What::special);
constexpr std::uint32_t kStored = on(What::item, What::collection);
constexpr std::uint32_t kNamed = kOnAll & ~on(What::item);
constexpr std::uint32_t kCounted = on(What::home, What::collection);

const Property kProperties[] = {
    {dav("resourcetype"), {kOnAll}, true, print_resource_type},
    {dav("displayname"), {kNamed}, true, print_display_name, set_display_name},
    {dav("getetag"), {kReadable}, true, print_etag},
    {dav("getcontentlength"), {kReadable}, true, print_length},
    {dav("getcontenttype"), {kReadable}, true, print_content_type},
    {dav("getlastmodified"), {kReadable}, true, print_modified},
    {dav("creationdate"), {on(What::item)}, true, print_created},
    {dav("supportedlock"), {kStored}, true, print_supported_lock},
    {dav("lockdiscovery"), {kStored}, true, print_lock_discovery},
    {dav("quota-used-bytes"), {kCounted}, false, print_used},
    {dav("quota-available-bytes"), {kCounted}, false, print_available},
    {dav("supported-method-set"), {kOnAll}, false, print_methods},
    {dav("supported-report-set"), {kOnAll}, false, print_reports},
    {dav("sync-token"), {kCollections}, false, print_sync_token},
    {kCtag, {kCollections}, false, print_ctag},
};

using Takes = Method::Body;
constexpr std::uint32_t kWriteable = on(What::collection, What::item, What::absent);
constexpr std::uint32_t kOnItems = on(What::item, What::absent);

const Method kMethods[] = {
    {"OPTIONS", {kOnAll | on(What::absent)}, Takes::none, do_options},
    {"GET", {kOnAll}, Takes::none, do_get},
    {"HEAD", {kOnAll}, Takes::none, do_get},
    {"PUT", {kOnItems}, Takes::none, do_put},
    {"DELETE", {on(What::item, What::collection)}, Takes::none, do_delete},
    {"MKCOL", {on(What::absent)}, Takes::text, do_mkcol},
    {"COPY", {on(What::item, What::collection)}, Takes::none, do_copy},
    {"MOVE", {on(What::item, What::collection)}, Takes::none, do_move},
    {"LOCK", {kWriteable}, Takes::text, do_lock},
    {"UNLOCK", {kWriteable}, Takes::none, do_unlock},
    {"PROPFIND", {kOnAll}, Takes::text, do_propfind},
    {"PROPPATCH", {kOnAll}, Takes::text, do_proppatch},
    {"REPORT", {kOnAll}, Takes::text, do_report},
};

bool is_sync(const wire::dav::Report& report) { return std::holds_alternative<wire::dav::SyncCollection>(report); }

const Report kReports[] = {
    {dav("sync-collection"), {kCollections}, is_sync, do_sync},
};

const Family kCommon = {.name = "common",
                        .properties = kProperties,
                        .methods = kMethods,
                        .reports = kReports,
                        .compliance = "1, 2, 3, extended-mkcol"};

}  // namespace

const Family& common_family() { return kCommon; }

std::string xml_date(Instant at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(at.time_since_epoch().count()));
}

std::string content_type_of(Context& context, const Resource& resource) {
  if (resource.special) return resource.special->content_type();
  if (resource.what != What::item) return {};
  for (const Family* family : families())
    if (family->content_type)
      if (std::string type = family->content_type(context, resource); !type.empty()) return type;
  switch (resource.entry->kind) {
    case groupware::Kind::calendar:
    case groupware::Kind::tasks:
    case groupware::Kind::notes:
      return "text/calendar; charset=utf-8";
    case groupware::Kind::contacts:
      return "text/vcard; charset=utf-8";
    case groupware::Kind::mail:
      return "message/rfc822";
    case groupware::Kind::files:
      break;
  }
  const auto item = resource.item(context);
  if (!item) return {};
  const auto kept = (*item)->properties.find(kContentType);
  return kept != (*item)->properties.end() ? kept->second : "application/octet-stream";
}

const Method* find_method(Context& context, const Resource& resource, std::string_view name) {
  for (const Family* family : families())
    for (const Method& method : family->methods)
      if (method.name == name && method.scope.covers(resource) &&
          (!method.applies || method.applies(context, resource)))
        return &method;
  return nullptr;
}

std::vector<std::string_view> methods_on(Context& context, const Resource& resource) {
  std::vector<std::string_view> out;
  for (const Family* family : families())
    for (const Method& method : family->methods)
      if (std::ranges::find(out, method.name) == out.end() && find_method(context, resource, method.name))
        out.push_back(method.name);
  return out;
}

}  // namespace kontor::dav
