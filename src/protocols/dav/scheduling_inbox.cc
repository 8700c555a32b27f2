// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/scheduling_inbox.h"

#include <algorithm>

#include "base/bytes.h"
#include "groupware/scheduling/inbox.h"
#include "protocols/dav/state.h"

namespace kontor::dav {
namespace {

using groupware::FolderTable;
using What = Resource::What;

Outcome<FolderTable::Pointer> inbox_folder(Context& context, const Resource& inbox) {
  TRY(const auto reader, context.reader(*inbox.account));
  return groupware::scheduling_inbox(*reader->folders());
}

Resource message_in(const Resource& inbox, const FolderTable::Pointer& folder, const groupware::Entry& entry) {
  Resource collection = inbox;
  collection.special = nullptr;
  collection.folder = folder;
  return item_of(collection, entry);
}

// Before the first message there is no folder, and its state is that of none.
SyncState state_of(const FolderTable::Pointer& folder) {
  SyncState state;
  if (!folder) return state;
  state.folder = folder->id;
  state.uid_validity = folder->uid_validity;
  state.to = folder->highest;
  return state;
}

std::unexpected<Problem> bad_inbox_token(const char* why) { return deny(wire::dav::dav("valid-sync-token"), why); }

}  // namespace

Outcome<> inbox_members(Context& context, const Resource& inbox, const std::function<bool(Resource)>& visit) {
  TRY(const auto folder, inbox_folder(context, inbox));
  if (!folder) return {};
  // Whoever is told of one may read meanwhile.
  std::vector<groupware::Entry> entries;
  TRY(const auto reader, context.reader(*inbox.account));
  TRY_VOID(reader->entries(folder->id, [&](const groupware::Entry& entry) {
    entries.push_back(entry);
    return true;
  }));
  for (const groupware::Entry& entry : entries)
    if (!visit(message_in(inbox, folder, entry))) break;
  return {};
}

Outcome<std::optional<Resource>> inbox_member(Context& context, const Resource& inbox, const std::string& name) {
  TRY(const auto folder, inbox_folder(context, inbox));
  if (!folder) return std::nullopt;
  TRY(const auto reader, context.reader(*inbox.account));
  const auto uid = reader->named(folder->id, name);
  if (!uid && uid.error().code == Errc::not_found) return std::nullopt;
  if (!uid) return std::unexpected(Problem(uid.error()));
  TRY(const auto entry, reader->entry(folder->id, *uid));
  return message_in(inbox, folder, entry);
}

Outcome<std::optional<std::string>> inbox_state(Context& context, const Resource& inbox) {
  TRY(const auto folder, inbox_folder(context, inbox));
  return print_state(state_of(folder));
}

Outcome<Special::News> inbox_news(Context& context, const Resource& inbox, const std::string& since) {
  TRY(const auto folder, inbox_folder(context, inbox));
  const SyncState present = state_of(folder);
  Special::News news{.state = print_state(present), .changed = {}, .gone = {}};
  const auto known = since.empty() ? std::optional(SyncState()) : parse_state(since);
  if (!known || known->is_partial) return bad_inbox_token("this is no token of this collection");
  if (!known->folder) {
    TRY_VOID(inbox_members(context, inbox, [&](Resource message) {
      news.changed.push_back(std::move(message));
      return true;
    }));
    return news;
  }
  if (known->folder != present.folder || known->uid_validity != present.uid_validity || known->to > present.to)
    return bad_inbox_token("this is no token of this collection");
  if (known->to == present.to) return news;
  TRY(const auto reader, context.reader(*inbox.account));
  const auto changes = reader->changes_since(known->to);
  if (!changes && changes.error().code == Errc::conflict) return bad_inbox_token("too much has changed since then");
  if (!changes) return std::unexpected(Problem(changes.error()));
  for (const ItemId id : changes->items_changed) {
    const auto item = reader->item(id);
    if (!item) continue;
    for (const groupware::Filing& filing : item->filings) {
      if (filing.folder != folder->id) continue;
      if (const auto entry = reader->entry(filing.folder, filing.uid))
        news.changed.push_back(message_in(inbox, folder, *entry));
    }
  }
  for (const auto& vanished : changes->vanished)
    if (vanished.folder == folder->id && !vanished.name.empty() && !reader->named(folder->id, vanished.name))
      news.gone.push_back(vanished.name);
  return news;
}

bool is_in_inbox(Context& context, const Resource& resource) {
  if (resource.space != Space::calendars || !resource.folder || !resource.account) return false;
  if (resource.folder->kind != groupware::Kind::files) return false;
  const auto reader = context.reader(*resource.account);
  if (!reader) return false;
  const auto inbox = groupware::scheduling_inbox(*(*reader)->folders());
  return inbox && inbox->id == resource.folder->id;
}

std::string inbox_content_type(Context& context, const Resource& resource) {
  if (!is_in_inbox(context, resource)) return {};
  const auto item = resource.item(context);
  const std::string method = item ? groupware::inbox_method(**item) : std::string();
  return "text/calendar; charset=utf-8" + (method.empty() ? "" : "; method=" + method);
}

}  // namespace kontor::dav
