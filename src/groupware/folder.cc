// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace kontor::groupware {
namespace {

constexpr std::array<std::string_view, 10> kRoleNames = {"none", "inbox",   "sent", "drafts",  "trash",
                                                         "junk", "archive", "all",  "flagged", "important"};

bool same_name(FolderId parent, std::string_view a, std::string_view b) {
  if (a == b) return true;
  return !parent && iequals(a, "INBOX") && iequals(b, "INBOX");
}

}  // namespace

std::string_view name(FolderRole role) { return kRoleNames[static_cast<std::size_t>(role)]; }

std::optional<FolderRole> parse_folder_role(std::string_view text) {
  for (std::size_t i = 0; i < kRoleNames.size(); ++i)
    if (kRoleNames[i] == text) return static_cast<FolderRole>(i);
  return std::nullopt;
}

FolderTable::FolderTable(std::vector<Pointer> folders) : folders_(std::move(folders)) {
  std::sort(folders_.begin(), folders_.end(), [](const Pointer& a, const Pointer& b) { return a->id < b->id; });
}

FolderTable::Pointer FolderTable::find(FolderId id) const {
  auto at = std::lower_bound(folders_.begin(), folders_.end(), id,
                             [](const Pointer& folder, FolderId wanted) { return folder->id < wanted; });
  return at != folders_.end() && (*at)->id == id ? *at : nullptr;
}

FolderTable::Pointer FolderTable::child(FolderId parent, std::string_view child_name) const {
  for (const Pointer& folder : folders_)
    if (folder->parent == parent && same_name(parent, folder->name, child_name)) return folder;
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

FolderTable::Pointer FolderTable::at_path(std::string_view path) const {
  Pointer found;
  FolderId parent;
  while (true) {
    std::size_t slash = path.find('/');
    found = child(parent, path.substr(0, slash));
    if (!found || slash == std::string_view::npos) return found;
    parent = found->id;
    path.remove_prefix(slash + 1);
  }
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
