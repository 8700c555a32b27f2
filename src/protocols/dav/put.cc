// SPDX-License-Identifier: AGPL-3.0-or-later
// PUT: RFC 9110 section 9.3.4, RFC 4918 section 9.7.
#include <charconv>

#include "protocols/dav/calendar.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"
#include "protocols/dav/scheduling.h"

namespace kontor::dav {
namespace {

using groupware::Kind;
namespace right = groupware::right;

constexpr int kMostPlans = 10;

std::unexpected<Problem> too_large(Kind kind) {
  const char* const why = "it is larger than what is taken here";
  if (kind == Kind::files) return deny(413, why);
  return deny(kind == Kind::contacts ? wire::dav::carddav("max-resource-size") : wire::dav::caldav("max-resource-size"),
              why);
}

bool says_more_than(std::string_view length, std::uint64_t limit) {
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bytes);
  return !length.empty() && end == length.data() + length.size() && (error != std::errc() || bytes > limit);
}

Outcome<Response> put_once(Context& context, const Resource& resource, bool& is_stale);

// Who may only read has alarms of his own all the same: what he changes is seen when the body is there.
bool may_put(Context& context, const Resource& resource) {
  const std::uint32_t rights = resource.rights(context);
  return (rights & right::kInsert) ||
         (resource.is_there() && (rights & right::kRead) && (kOfCalendars & of(resource.kind())));
}

// A guest's event, task or note as the core takes it; nothing: it is put as it is.
Outcome<std::optional<groupware::TakenApart>> taken_apart(Context& context, const Resource& resource,
                                                          const std::shared_ptr<const std::string>& bytes) {
  if (!bytes || !(kOfCalendars & of(resource.kind()))) return std::nullopt;
  TRY(const auto reader, context.reader(*resource.account));
  auto apart = reader->take_apart(resource.folder->id,
                                  resource.entry ? std::optional(resource.entry->uid) : std::nullopt, *bytes);
  if (apart) return *std::move(apart);
  if (apart.error().code == Errc::too_large) return too_large(resource.kind());
  if (apart.error().code == Errc::not_found) return std::nullopt;  // gone meanwhile: the commit sees it
  return std::unexpected(Problem(apart.error()));
}

// What is changed is the caller's own alone: nobody else is concerned, and it needs no more than the right to read.
Outcome<Stored> keep_own(Context& context, const Resource& resource, const groupware::TakenApart& apart,
                         bool& is_stale) {
  TRY_VOID(check_schedule_tag(context, resource));
  TRY_VOID(context.update(*resource.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    TRY_VOID(check_conditions(context, transaction, resource));
    TRY_VOID(check_locks(context, transaction, resource, Touch::itself));
    const auto uid = transaction.named(resource.folder->id, resource.name);
    const auto kept =
        uid ? transaction.keep_own_parts(resource.folder->id, *uid, apart.own) : std::unexpected(uid.error());
    is_stale = !kept && (kept.error().code == Errc::conflict || kept.error().code == Errc::not_found);
    if (!kept) return std::unexpected(Problem(kept.error()));
    return {};
  }));
  return Stored{.is_altered = true, .uid = resource.entry->uid};
}

}  // namespace

Kind item_kind(const groupware::Folder& folder) { return folder.kind; }

Outcome<PutPlan> plan_put(Context& context, const Resource& resource) {
  if (!resource.folder || resource.is_in_home) return deny(409, "there is no collection to put it in");
  if (!context.header("content-range").empty()) return deny(400, "a part alone cannot be put");
  PutPlan plan;
  plan.kind = item_kind(*resource.folder);
  plan.tenant = resource.account->tenant();
  plan.largest =
      plan.kind == Kind::files ? context.services.accounts.options().largest_item : context.options.largest_object;
  if (!may_put(context, resource)) return deny(403, "you may not write here");
  if (says_more_than(context.header("content-length"), plan.largest)) return too_large(plan.kind);
  // Asked again within the commit; here so that a large body need not be sent for nothing.
  TRY(const auto reader, context.reader(*resource.account));
  TRY_VOID(check_conditions(context, *reader, resource));
  TRY_VOID(check_locks(context, *reader, resource, resource.is_there() ? Touch::itself : Touch::name));
  return plan;
}

Outcome<void> ask_families(Context& context, Change& change, Consequences& consequences) {
  for (const Family* family : families())
    if (family->check) TRY_VOID(family->check(context, change));
  for (const Family* family : families())
    if (family->plan) TRY_VOID(family->plan(context, change, consequences));
  return {};
}

bool is_as_found(const groupware::Reader& reader, const Resource& resource) {
  const auto uid = reader.named(resource.folder->id, resource.name);
  if (!uid) return uid.error().code == Errc::not_found && !resource.entry;
  const auto entry = reader.entry(resource.folder->id, *uid);
  return entry && resource.entry && entry->item == resource.entry->item && entry->etag == resource.entry->etag;
}

Outcome<Response> until_as_found(Context& context, const Resource& resource, PlannedChange change) {
  Resource present = resource;
  for (int i = 0; i < kMostPlans; ++i) {
    bool is_stale = false;
    auto response = change(context, present, is_stale);
    if (!is_stale) return response;
    context.drop_readers();
    TRY(present, find(context, context.request.path));
    const bool was_collection = resource.what == Resource::What::collection;
    const bool is_alike =
        was_collection
            ? present.what == resource.what || present.what == Resource::What::absent
            : (present.what == Resource::What::item || present.what == Resource::What::absent) && present.folder;
    if (!is_alike) return deny(409, "something else is there by now");
  }
  return deny(503, "others change it all the time");
}

Outcome<Response> do_put(Context& context, const Resource& resource) {
  return until_as_found(context, resource, put_once);
}

Outcome<groupware::StagedContent> stage_for(Context& context, const Resource& resource, const std::string& bytes) {
  const auto stager = context.services.accounts.stage(resource.account->tenant(), item_kind(*resource.folder));
  TRY_VOID(stager->write(bytes));
  TRY(auto content, stager->finish());
  return content;
}

Outcome<Stored> store_item(Context& context, const Resource& resource, Storing storing, bool& is_stale) {
  Consequences& consequences = storing.consequences;
  TRY(const auto apart, taken_apart(context, resource, storing.upload.bytes));
  if (apart) {
    const Change whole{
        .what = Change::What::put, .target = resource, .bytes = storing.upload.bytes, .is_edit = storing.is_edit};
    TRY_VOID(check_calendar_object(context, whole));
    if (apart->is_same && !storing.is_edit) return keep_own(context, resource, *apart, is_stale);
  }
  if (!(resource.rights(context) & right::kInsert)) return deny(403, "you may not write here");
  groupware::NewItem item;
  item.kind = item_kind(*resource.folder);
  item.content = storing.upload.content;
  item.name = resource.name;
  if (item.kind == Kind::files) item.properties[kContentType] = storing.content_type;
  Change change{.what = Change::What::put,
                .target = resource,
                .bytes = storing.upload.bytes,
                .is_edit = storing.is_edit,
                .attached = storing.attached};
  if (apart) {
    item.own = apart->own;
    if (apart->shared != *change.bytes) change.bytes = std::make_shared<const std::string>(apart->shared);
  }
  TRY_VOID(ask_families(context, change, consequences));
  for (const auto& [name, value] : consequences.properties) item.properties[name] = value;
  Stored out;
  out.is_altered = change.bytes && change.bytes != storing.upload.bytes;
  if (out.is_altered) {
    TRY(item.content, stage_for(context, resource, *change.bytes));
  }
  TRY_VOID(context.update(*resource.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    is_stale = false;
    TRY_VOID(check_conditions(context, transaction, resource));
    // Of files nothing is planned.
    is_stale = change.bytes && !is_as_found(transaction, resource);
    if (is_stale) return deny(409, "it was changed meanwhile");
    const auto present = transaction.named(resource.folder->id, resource.name);
    if (!present && present.error().code != Errc::not_found) return std::unexpected(Problem(present.error()));
    out.is_new = !present;
    TRY_VOID(check_locks(context, transaction, resource, out.is_new ? Touch::name : Touch::itself));
    const auto added = out.is_new ? transaction.add(resource.folder->id, item)
                                  : transaction.replace(resource.folder->id, *present, item);
    is_stale = !added && apart && added.error().code == Errc::conflict;
    if (!added) return std::unexpected(Problem(added.error()));
    out.uid = added->uid;
    for (const auto& step : consequences.within) TRY_VOID(step(transaction));
    return {};
  }));
  out.is_altered |= apart && !apart->own.text.empty();
  for (const auto& step : consequences.after) step();
  out.headers = std::move(consequences.headers);
  return out;
}

std::optional<Resource> as_stored(Context& context, const Resource& resource, Uid uid) {
  const auto reader = context.reader(*resource.account);
  if (!reader) return std::nullopt;
  const auto entry = (*reader)->entry(resource.folder->id, uid);
  if (!entry) return std::nullopt;
  Resource stored = resource;
  stored.what = Resource::What::item;
  stored.entry = *entry;
  stored.read_item.reset();
  return stored;
}

void add_family_headers(Context& context, const Resource& stored,
                        std::vector<std::pair<std::string, std::string>>& headers) {
  for (const Family* family : families())
    if (family->headers) family->headers(context, stored, headers);
}

namespace {

Outcome<Response> put_once(Context& context, const Resource& resource, bool& is_stale) {
  Storing storing{.upload = *context.upload,
                  .content_type = std::string(context.header("content-type").substr(0, 255))};
  TRY(Stored stored, store_item(context, resource, std::move(storing), is_stale));
  Response response{.status = stored.is_new ? 201U : 204U};
  response.headers = std::move(stored.headers);
  if (const auto there = as_stored(context, resource, stored.uid)) {
    if (!stored.is_altered) response.headers.emplace_back("ETag", there->entry->etag);
    add_family_headers(context, *there, response.headers);
  }
  return response;
}

}  // namespace

}  // namespace kontor::dav
