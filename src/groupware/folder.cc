// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace kontor::groupware {
namespace {

constexpr std::array<std::string_view, 15> kRoleNames = {"none",     "inbox",    "sent",  "drafts",  "trash",
                                                         "junk",     "archive",  "all",   "flagged", "important",
                                                         "calendar", "contacts", "tasks", "notes",   "files"};

constexpr std::array<std::string_view, 6> kKindNames = {"mail", "calendar", "contacts", "tasks", "notes", "files"};

bool is_mail(Kind kind) { return kind == Kind::mail; }

bool is_timed(Kind kind) { return kind == Kind::calendar || kind == Kind::tasks || kind == Kind::notes; }

bool same_folder_name(FolderId parent, std::string_view a, std::string_view b) {
  if (a == b) return true;
  return !parent && iequals(a, "INBOX") && iequals(b, "INBOX");
}

}  // namespace

std::string_view name(FolderRole role) { return kRoleNames[static_cast<std::size_t>(role)]; }

std::string_view name(Kind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

std::optional<Kind> parse_kind(std::string_view text) {
  for (std::size_t i = 0; i < kKindNames.size(); ++i)
    if (kKindNames[i] == text) return static_cast<Kind>(i);
  return std::nullopt;
}

std::optional<FolderRole> parse_folder_role(std::string_view text) {
  for (std::size_t i = 0; i < kRoleNames.size(); ++i)
    if (kRoleNames[i] == text) return static_cast<FolderRole>(i);
  return std::nullopt;
}

std::optional<Kind> kind_of(FolderRole role) {
  switch (role) {
    case FolderRole::none:
      return std::nullopt;
    case FolderRole::calendar:
      return Kind::calendar;
    case FolderRole::contacts:
      return Kind::contacts;
    case FolderRole::tasks:
      return Kind::tasks;
    case FolderRole::notes:
      return Kind::notes;
    case FolderRole::files:
      return Kind::files;
    default:
      return Kind::mail;
  }
}

FolderRole default_role(Kind kind) {
  switch (kind) {
    case Kind::mail:
      return FolderRole::inbox;
    case Kind::calendar:
      return FolderRole::calendar;
    case Kind::contacts:
      return FolderRole::contacts;
    case Kind::tasks:
      return FolderRole::tasks;
    case Kind::notes:
      return FolderRole::notes;
    case Kind::files:
      return FolderRole::files;
  }
  return FolderRole::none;
}

bool takes(Kind folder, Kind item) { return folder == item || (is_timed(folder) && is_timed(item)); }

FolderTable::FolderTable(std::vector<Pointer> folders) : folders_(std::move(folders)) {
  std::sort(folders_.begin(), folders_.end(), [](const Pointer& a, const Pointer& b) { return a->id < b->id; });
}

FolderTable::Pointer FolderTable::find(FolderId id) const {
  auto at = std::lower_bound(folders_.begin(), folders_.end(), id,
                             [](const Pointer& folder, FolderId wanted) { return folder->id < wanted; });
  return at != folders_.end() && (*at)->id == id ? *at : nullptr;
}

FolderTable::Pointer FolderTable::child(FolderId parent, std::string_view child_name, Kind kind) const {
  for (const Pointer& folder : folders_)
    if (folder->parent == parent && is_mail(folder->kind) == is_mail(kind) &&
        same_folder_name(parent, folder->name, child_name))
      return folder;
  return nullptr;
}

FolderTable::Pointer FolderTable::by_role(FolderRole role) const {
  for (const Pointer& folder : folders_)
    if (folder->role == role) return folder;
  return nullptr;
}

std::string FolderTable::path(FolderId id) const {
  std::string out;
  for (int depth = 0; id && depth < 256; ++depth) {
    Pointer folder = find(id);
    if (!folder) break;
    out = out.empty() ? folder->name : folder->name + "/" + out;
    id = folder->parent;
  }
  return out;
}

FolderTable::Pointer FolderTable::at_path(std::string_view path, Kind kind) const {
  Pointer found;
  FolderId parent;
  while (true) {
    std::size_t slash = path.find('/');
    found = child(parent, path.substr(0, slash), kind);
    if (!found || slash == std::string_view::npos) return found;
    parent = found->id;
    path.remove_prefix(slash + 1);
  }
}

FolderTable::Pointer FolderTable::at_any_path(std::string_view path) const {
  Pointer found = at_path(path);
  return found ? found : at_path(path, Kind::files);
}

std::vector<FolderTable::Pointer> FolderTable::children(FolderId parent) const {
  std::vector<Pointer> out;
  for (const Pointer& folder : folders_)
    if (folder->parent == parent) out.push_back(folder);
  return out;
}

std::string mailbox_id(AccountId account, FolderId folder) {
  return fmt::format("F{:x}-{:x}", account.value, folder.value);
}

}  // namespace kontor::groupware
