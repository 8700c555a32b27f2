// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/family.h"
#include "protocols/dav/resource.h"
#include "protocols/dav/segments.h"

namespace kontor::dav {
namespace {

using groupware::FolderTable;
using groupware::Kind;
using What = Resource::What;
using Visit = std::function<bool(Resource)>;

constexpr std::size_t kItemsAtOnce = 1000;

Outcome<bool> specials_of(Context& context, const Resource& at, const Visit& visit) {
  bool goes_on = true;
  for (const Family* family : families()) {
    if (!family->specials || !goes_on) continue;
    TRY_VOID(family->specials(context, at, [&](Resource special) { return goes_on = visit(std::move(special)); }));
  }
  return goes_on;
}

Resource folder_of(const Resource& parent, FolderTable::Pointer folder, const std::string& segment) {
  Resource out = parent;
  out.what = What::collection;
  out.entry.reset();
  out.read_item.reset();
  out.path = parent.path + segment + "/";
  out.name = segment;
  out.folder = std::move(folder);
  return out;
}

Outcome<void> collections_of(Context& context, const Resource& home, const Visit& visit) {
  TRY(const bool goes_on, specials_of(context, home, visit));
  if (!goes_on) return {};
  TRY(const auto reader, context.reader(*home.account));
  for (const auto& [segment, folder] : segments_in(home.space, *reader->folders())) {
    if (!(reader->rights(folder->id) & groupware::right::kShowing)) continue;
    if (!visit(folder_of(home, folder, segment))) return {};
  }
  return {};
}

// False: enough was seen.
Outcome<bool> folders_in(Context& context, const Resource& collection, const Visit& visit) {
  if (collection.kind() != Kind::files) return true;
  TRY(const auto reader, context.reader(*collection.account));
  for (const auto& folder : reader->folders()->children(collection.folder->id)) {
    if (folder->kind != Kind::files || !(reader->rights(folder->id) & groupware::right::kShowing)) continue;
    if (!visit(folder_of(collection, folder, folder->name))) return false;
  }
  return true;
}

// The root's and the homes': what is there for this caller.
Outcome<void> places_of(Context& context, const Resource& at, const Visit& visit) {
  if (at.what == What::root) {
    for (const Space space : {Space::principals, Space::calendars, Space::contacts, Space::files}) {
      Resource place;
      place.what = space == Space::principals ? What::principals : What::homes;
      place.space = space;
      place.path = std::string(kRoot) + std::string(name(space)) + "/";
      if (!visit(std::move(place))) return {};
    }
    return {};
  }
  // Of all the tenant's principals only oneself: others are found by search.
  TRY(Resource own, find(context, at.path + context.user.primary_address() + "/"));
  visit(std::move(own));
  return {};
}

}  // namespace

Resource item_of(const Resource& collection, const groupware::Entry& entry) {
  Resource out = collection;
  out.what = What::item;
  out.read_item.reset();
  out.entry = entry;
  out.name = entry.name;
  out.path = collection.path + entry.name;
  return out;
}

Outcome<void> collections_in(Context& context, const Resource& collection, const Visit& visit) {
  TRY([[maybe_unused]] const bool goes_on, folders_in(context, collection, visit));
  return {};
}

std::optional<Resource> resource_of(Context& context, const directory::Principal& owner,
                                    const std::shared_ptr<groupware::Account>& account, FolderId id) {
  const auto reader = context.reader(*account);
  if (!reader) return std::nullopt;
  const auto folders = (*reader)->folders();
  auto folder = folders->find(id);
  if (!folder || folder->kind == Kind::mail || !((*reader)->rights(id) & groupware::right::kShowing))
    return std::nullopt;
  Resource out;
  out.what = What::collection;
  out.space = space_of(folder->kind);
  out.owner = owner;
  out.account = account;
  out.name = segment_of(*folders, *folder);
  out.path = home_path(out.space, owner);
  if (folder->kind == Kind::files) {
    std::string below;
    for (auto at = folder; at && at->role != groupware::FolderRole::files; at = folders->find(at->parent)) {
      if (!at->parent) return std::nullopt;
      below.insert(0, at->name + "/");
    }
    out.path += below;
  } else {
    out.path += out.name + "/";
  }
  out.folder = std::move(folder);
  return out;
}

Outcome<std::optional<std::string>> items_after(Context& context, const Resource& collection, const std::string& after,
                                                std::size_t most, const Visit& visit) {
  TRY(const auto reader, context.reader(*collection.account));
  if (!(reader->rights(collection.folder->id) & groupware::right::kRead)) return std::nullopt;
  // Gathered first: whoever is shown one may read more of it.
  std::vector<groupware::Entry> entries;
  TRY_VOID(reader->entries(collection.folder->id, after, [&](const groupware::Entry& entry) {
    entries.push_back(entry);
    return entries.size() < most;
  }));
  for (const groupware::Entry& entry : entries)
    if (!visit(item_of(collection, entry))) return std::nullopt;
  if (entries.size() < most) return std::nullopt;
  return entries.back().name;
}

Outcome<void> members(Context& context, const Resource& collection, const Visit& visit) {
  switch (collection.what) {
    case What::root:
    case What::principals:
    case What::homes:
      return places_of(context, collection, visit);
    case What::principal: {
      TRY([[maybe_unused]] const bool goes_on, specials_of(context, collection, visit));
      return {};
    }
    case What::home:
      if (collection.space != Space::files) return collections_of(context, collection, visit);
      if (!collection.folder) return {};
      {
        TRY([[maybe_unused]] const bool goes_on, folders_in(context, collection, visit));
      }
      return {};
    case What::collection: {
      TRY(const bool goes_on, folders_in(context, collection, visit));
      if (!goes_on) return {};
      std::optional<std::string> after = "";
      bool wants_more = true;
      while (after && wants_more) {
        TRY(after, items_after(context, collection, *after, kItemsAtOnce,
                               [&](Resource item) { return wants_more = visit(std::move(item)); }));
      }
      return {};
    }
    case What::special:
      return collection.special->members(context, collection, visit);
    case What::item:
    case What::absent:
      return {};
  }
  return {};
}

}  // namespace kontor::dav
