// SPDX-License-Identifier: AGPL-3.0-or-later
// Changes of folders.
#include <algorithm>

#include "base/bytes.h"
#include "groupware/calendar/calendar_zone.h"
#include "groupware/delegates.h"
#include "groupware/folder_name.h"
#include "groupware/keys.h"
#include "groupware/transaction.h"

namespace kontor::groupware {
namespace {

constexpr std::uint32_t kRemovedAtOnce = 500;  // items of a folder that go with it; more of them go after it
constexpr std::size_t kLongestProperty = 64 << 10;
constexpr std::size_t kLongestPath = 500;

// Levels below the folder, counted up to one above `most`.
std::uint32_t height(const FolderTable& table, FolderId id, std::uint32_t most) {
  std::vector<FolderId> level = {id};
  for (std::uint32_t levels = 0;; ++levels) {
    std::vector<FolderId> next;
    for (const FolderTable::Pointer& folder : table.all())
      if (folder->parent && std::find(level.begin(), level.end(), folder->parent) != level.end())
        next.push_back(folder->id);
    if (next.empty() || levels > most) return levels;
    level = std::move(next);
  }
}

// The default folders of the other kinds than mail: they take nobody's place.
std::size_t count_defaults(const FolderTable& table) {
  return static_cast<std::size_t>(std::ranges::count_if(table.all(), [](const FolderTable::Pointer& folder) {
    return folder->kind != Kind::mail && folder->role != FolderRole::none;
  }));
}

void merge_properties(std::map<std::string, std::string>& into, const std::map<std::string, std::string>& change) {
  for (const auto& [property, value] : change) {
    if (value.empty())
      into.erase(property);
    else
      into[property] = value;
  }
}

}  // namespace

AccountTransaction::AccountTransaction(Environment& environment, Ownership ownership, Caller caller, Layer layer)
    : Reading<Transaction>(environment, ownership, caller, std::move(layer)) {}

Result<void> AccountTransaction::attempt(const std::function<Result<void>(Transaction&)>& step) {
  return attempt_as(ownership_, step);
}

Result<void> AccountTransaction::with_all_rights(const std::function<Result<void>(Transaction&)>& step) {
  Ownership full = ownership_;
  full.is_full = true;
  full.is_foreign = false;
  full.everywhere = right::kAll;
  return attempt_as(full, step);
}

Result<void> AccountTransaction::attempt_as(const Ownership& ownership,
                                            const std::function<Result<void>(Transaction&)>& step) {
  AccountTransaction above(environment_, ownership, caller_, Layer(&layer_));
  TRY_VOID(step(above));
  layer_.log.append(std::move(above.layer_.log));
  layer_.absorb(std::move(above.layer_));
  return {};
}

Result<std::shared_ptr<const Folder>> AccountTransaction::may(FolderId id, std::uint32_t rights) const {
  TRY(std::shared_ptr<const Folder> found, folder(id));
  if ((rights_on(*found, ownership_, caller_) & rights) != rights)
    return fail(Errc::denied, "you do not have the right to do that in this folder");
  return found;
}

UidValidity AccountTransaction::fresh_uid_validity() {
  auto now = static_cast<std::uint32_t>(environment_.clock.now().time_since_epoch().count());
  layer_.record.last_uid_validity = std::max(layer_.record.last_uid_validity + 1, now);
  return UidValidity(layer_.record.last_uid_validity);
}

void AccountTransaction::touch(FolderId id) {
  layer_.edit_folder(id).highest = number();
  layer_.log.touched.insert(id);
}

// Whether a folder may stand there: a fitting parent, no sibling of that name, not too deep, not in itself.
Result<void> AccountTransaction::check_place(FolderId parent, const std::string& name, Kind kind, FolderId self) {
  std::shared_ptr<const FolderTable> table = layer_.folders();
  const std::uint32_t deepest = environment_.options.folder_depth;
  std::uint32_t depth = 1;
  if (parent && kind != Kind::mail && kind != Kind::files)
    return fail(Errc::invalid, "such a folder cannot lie within another");
  for (FolderId at = parent; at; ++depth) {
    FolderTable::Pointer above = table->find(at);
    if (!above) return fail(Errc::not_found, "there is no such parent folder");
    if (above->kind != kind) return fail(Errc::invalid, "a folder can only lie within one of its own kind");
    if (self && at == self) return fail(Errc::invalid, "a folder cannot be moved into itself");
    at = above->parent;
    if (depth >= deepest) return fail(Errc::too_large, "folders are nested too deeply");
  }
  if (self && depth + height(*table, self, deepest) > deepest)
    return fail(Errc::too_large, "folders are nested too deeply");
  FolderTable::Pointer sibling = table->child(parent, name, kind);
  if (sibling && sibling->id != self) return fail(Errc::exists, "a folder of that name exists already");
  return {};
}

Result<FolderId> AccountTransaction::create_folder(const NewFolder& wanted) {
  TRY(std::string name, check_folder_name(wanted.name));
  if (wanted.role != FolderRole::none && (root_rights() & right::kAdminister) == 0)
    return fail(Errc::denied, "you do not have the right to say what folders are for here");
  if (const auto kind = kind_of(wanted.role); kind && *kind != wanted.kind)
    return fail(Errc::invalid, "a folder of that kind cannot have this role");
  std::vector<Grant> grants;
  if (wanted.parent) {
    TRY(std::shared_ptr<const Folder> parent, may(wanted.parent, right::kCreateFolder));
    grants = parent->grants;
  } else if ((root_rights() & right::kCreateFolder) == 0) {
    return fail(Errc::denied, "you do not have the right to create folders here");
  }
  std::shared_ptr<const FolderTable> table = layer_.folders();
  if (wanted.role != FolderRole::none && table->by_role(wanted.role))
    return fail(Errc::exists, "another folder has that role already");
  if (!wanted.parent && is_delegated(wanted.kind)) grants = later_grants(*table);
  FolderTable::Pointer there = table->child(wanted.parent, name, wanted.kind);
  if (there && there->kind == wanted.kind && there->is_container && !wanted.is_container) {
    // The name of a folder that was removed while it had children comes to life again.
    Folder& folder = layer_.edit_folder(there->id);
    folder.is_container = false;
    folder.role = wanted.role;
    folder.subscribed = wanted.subscribed;
    folder.uid_validity = wanted.uid_validity.value_or(fresh_uid_validity());
    folder.highest = number();
    layer_.log.folders_changed.insert(folder.id);
    layer_.log.touched.insert(folder.id);
    layer_.log.folder_list_changed = true;
    return folder.id;
  }
  TRY_VOID(check_place(wanted.parent, name, wanted.kind, FolderId()));
  const bool is_default = wanted.role == default_role(wanted.kind);
  if (!is_default && table->all().size() - count_defaults(*table) >= environment_.options.folders_per_account)
    return fail(Errc::too_large, "the account has as many folders as it may have");
  Folder folder;
  folder.id = FolderId(layer_.record.next_folder++);
  folder.parent = wanted.parent;
  folder.name = std::move(name);
  folder.kind = wanted.kind;
  folder.role = wanted.role;
  folder.subscribed = wanted.subscribed;
  folder.is_container = wanted.is_container;
  folder.notes_rings = wanted.kind != Kind::mail;
  bool is_given = wanted.uid_validity && *wanted.uid_validity;
  folder.uid_validity = is_given ? *wanted.uid_validity : fresh_uid_validity();
  folder.created = number();
  folder.highest = number();
  layer_.grants_dirty = layer_.grants_dirty || !grants.empty();
  folder.grants = std::move(grants);
  FolderId id = folder.id;
  layer_.put_folder(std::move(folder));
  layer_.log.folders_changed.insert(id);
  layer_.log.touched.insert(id);
  layer_.log.folder_list_changed = true;
  return id;
}

Result<void> AccountTransaction::rename_folder(FolderId id, FolderId new_parent, std::string new_name) {
  TRY(std::string name, check_folder_name(new_name));
  TRY(std::shared_ptr<const Folder> present, may(id, right::kDeleteFolder));
  if (present->role == FolderRole::inbox) return fail(Errc::invalid, "the inbox cannot be renamed");
  if (new_parent) {
    TRY_VOID(may(new_parent, right::kCreateFolder));
  } else if ((root_rights() & right::kCreateFolder) == 0) {
    return fail(Errc::denied, "you do not have the right to create folders here");
  }
  TRY_VOID(check_place(new_parent, name, present->kind, id));
  Folder& folder = layer_.edit_folder(id);
  folder.parent = new_parent;
  folder.name = std::move(name);
  layer_.log.folders_changed.insert(id);
  layer_.log.touched.insert(id);
  layer_.log.folder_list_changed = true;
  return {};
}

// Nobody removes what he cannot see.
Result<void> AccountTransaction::check_all_seen(const Folder& present) const {
  if (ownership_.is_full || !has_own_parts(present.kind) || sees_private(present)) return {};
  bool is_any = false;
  const std::string prefix = key::names(present.id);
  TRY_VOID(layer_.scan(prefix, key::end(prefix), [&](std::string_view, std::string_view value) {
    const auto named = decode_named(value);
    is_any = !named || named->privacy != Privacy::open;
    return !is_any;
  }));
  return is_any ? fail(Errc::denied, "there is something in it that you may not read: ask its owner to remove it")
                : Result<void>();
}

Result<void> AccountTransaction::remove_folder(FolderId id, Meetings meetings) {
  TRY(std::shared_ptr<const Folder> present, may(id, right::kDeleteFolder));
  if (present->role == FolderRole::inbox) return fail(Errc::invalid, "the inbox cannot be removed");
  if (present->role != FolderRole::none && kind_of(present->role) != Kind::mail)
    return fail(Errc::invalid, "this is the default folder for such items: it cannot be removed");
  if (present->properties.contains(kIsAttachments))
    return fail(Errc::invalid, "what is attached to events is in it: it cannot be removed");
  TRY_VOID(check_all_seen(*present));
  TRY_VOID(drop_annotations(id));
  if (present->kind == Kind::calendar) layer_.erase(key::feed(id));
  layer_.log.folder_list_changed = true;
  layer_.grants_dirty = layer_.grants_dirty || !present->grants.empty();
  layer_.log.touched.insert(id);
  const std::vector<FolderTable::Pointer> children = layer_.folders()->children(id);
  const bool is_told = meetings != Meetings::silent && present->total != 0;
  const bool is_large = present->total > kRemovedAtOnce || is_told;
  if (is_large)
    doom(*present, is_told ? meetings : Meetings::silent);
  else
    TRY_VOID(empty(id));
  if (children.empty() || is_large) {
    layer_.remove_folder(id);
    if (!is_large) layer_.views.erase(id);  // else its rows are to be written with their flags
    layer_.log.folders_changed.erase(id);
    layer_.log.folders_removed.insert(id);
    // Its id stands for the rows that are on the way out.
    if (!children.empty()) leave_container(*present, children);
    return {};
  }
  Folder& folder = layer_.edit_folder(id);
  folder.is_container = true;
  folder.role = FolderRole::none;
  folder.highest = number();
  layer_.log.folders_changed.insert(id);
  return {};
}

// A folder of the same name that only holds the removed one's children.
void AccountTransaction::leave_container(const Folder& removed, const std::vector<FolderTable::Pointer>& children) {
  Folder container = removed;
  container.id = FolderId(layer_.record.next_folder++);
  container.is_container = true;
  container.role = FolderRole::none;
  container.uid_validity = fresh_uid_validity();
  container.next_uid = container.first_recent = Uid(1);
  container.total = container.unseen = container.deleted = 0;
  container.bytes = 0;
  container.created = container.highest = number();
  const FolderId id = container.id;
  layer_.put_folder(std::move(container));
  layer_.log.folders_changed.insert(id);
  layer_.log.touched.insert(id);
  for (const FolderTable::Pointer& child : children) {
    layer_.edit_folder(child->id).parent = id;
    layer_.log.folders_changed.insert(child->id);
    layer_.log.touched.insert(child->id);
  }
}

Result<void> AccountTransaction::empty(FolderId id) {
  std::vector<Uid> uids;
  std::string prefix = key::filings(id);
  TRY_VOID(layer_.scan(prefix, key::end(prefix), [&](std::string_view key, std::string_view) {
    uids.push_back(Uid(read_be32(key.substr(9))));
    return true;
  }));
  for (Uid uid : uids) {
    TRY(Filed found, filed(id, uid));
    TRY_VOID(unfile(std::move(found.item), found.filing));
  }
  return drop_flag_blocks(id);
}

Result<void> AccountTransaction::change_folder(FolderId id, const FolderChange& change) {
  bool is_own_setting = change.subscribed && !change.role && !change.is_container && !change.uid_validity &&
                        !change.next_uid && !change.colour && !change.description && !change.grants &&
                        change.properties.empty();
  // Whoever sees it in another's account keeps its subscription in an account of its own: see subscribe_other().
  if (change.subscribed && !ownership_.is_full)
    return fail(Errc::denied, "you do not have the right to change subscriptions here");
  TRY(std::shared_ptr<const Folder> present, may(id, is_own_setting ? right::kSee : right::kAdminister));
  if (change.role && *change.role != present->role) {
    if (present->role == FolderRole::inbox) return fail(Errc::invalid, "the inbox keeps its role");
    if (*change.role != FolderRole::none && layer_.folders()->by_role(*change.role))
      return fail(Errc::exists, "another folder has that role already");
    if (const auto kind = kind_of(*change.role); kind && *kind != present->kind)
      return fail(Errc::invalid, "a folder of that kind cannot have this role");
  }
  bool is_untouched = present->next_uid == Uid(1) && present->total == 0;
  if (change.uid_validity && *change.uid_validity != present->uid_validity && (!is_untouched || !*change.uid_validity))
    return fail(Errc::invalid, "UIDVALIDITY cannot change once a folder had an item");
  if (change.next_uid && change.next_uid->value == UINT32_MAX)
    return fail(Errc::invalid, "UIDNEXT leaves no UID to give");
  if (change.next_uid && *change.next_uid < present->next_uid) return fail(Errc::invalid, "UIDNEXT can only grow");
  if (change.is_container.value_or(false) && present->total > 0)
    return fail(Errc::invalid, "a folder with items cannot become a container");
  for (const auto& [property, value] : change.properties)
    if (property.empty() || property.size() + value.size() > kLongestProperty)
      return fail(Errc::too_large, "a folder's property is too large");
  std::vector<Grant> grants;
  if (change.grants) {
    TRY(grants, checked_grants(*change.grants));
    layer_.grants_dirty = layer_.grants_dirty || grants != present->grants;
  }
  Folder& folder = layer_.edit_folder(id);
  if (change.subscribed) folder.subscribed = *change.subscribed;
  if (change.role) folder.role = *change.role;
  if (change.is_container) folder.is_container = *change.is_container;
  if (change.uid_validity) folder.uid_validity = *change.uid_validity;
  if (change.next_uid) folder.next_uid = *change.next_uid;
  if (change.colour) folder.colour = *change.colour;
  if (change.description) folder.description = *change.description;
  if (change.grants) folder.grants = std::move(grants);
  merge_properties(folder.properties, change.properties);
  if (has_own_parts(folder.kind) && (change.grants || change.properties.contains(kDelegates)))
    TRY_VOID(drop_own_of_strangers(id));
  for (const auto& [property, value] : change.properties)
    if (is_default_alarm(property) || property == kCalendarZone || property == kCalendarZoneId)
      TRY_VOID(note_default_alarms(nullptr, is_default_alarm(property) && !value.empty()));
  layer_.log.folders_changed.insert(id);
  layer_.log.touched.insert(id);
  layer_.log.folder_list_changed = true;
  return {};
}

// In order, without those who are no more. Nobody of another tenant can be granted anything.
Result<std::vector<Grant>> AccountTransaction::checked_grants(const std::vector<Grant>& wanted) const {
  std::vector<Grant> grants = in_order(wanted);
  if (grants.size() > kGrantsPerFolder)
    return fail(Errc::invalid, "a folder can have rights for at most 1000 principals");
  Result<void> found;
  std::erase_if(grants, [&](const Grant& grant) {
    if (!grant.principal) return false;
    Result<directory::Principal> who = environment_.directory.principal(grant.principal);
    if (who && who->tenant != ownership_.tenant) found = fail(Errc::invalid, "rights are for people of one's tenant");
    return !who;
  });
  if (!found) return std::unexpected(found.error());
  return grants;
}

Result<void> AccountTransaction::subscribe_other(std::string path, bool subscribed) {
  return keep_subscription(path, subscribed ? std::optional<std::string>(kSubscribed) : std::nullopt);
}

Result<void> AccountTransaction::refuse_subscription(std::string path) { return keep_subscription(path, kRefused); }

Result<void> AccountTransaction::keep_subscription(const std::string& path, std::optional<std::string> value) {
  if (!ownership_.is_full) return fail(Errc::denied, "you do not have the right to change subscriptions here");
  if (path.empty() || path.size() > kLongestPath) return fail(Errc::invalid, "a subscription's name is too long");
  if (value)
    layer_.put(key::subscription(path), *std::move(value));
  else
    layer_.erase(key::subscription(path));
  layer_.log.folder_list_changed = true;
  return {};
}

Uid AccountTransaction::take_recent(FolderId id) {
  std::shared_ptr<const Folder> present = layer_.folder(id);
  if (!present) return Uid(1);
  if (present->first_recent < present->next_uid) layer_.edit_folder(id).first_recent = present->next_uid;
  return present->first_recent;
}

}  // namespace kontor::groupware
