// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/collection.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "protocols/import/ledger.h"
#include "protocols/import/place.h"

namespace kontor::importing {
namespace {

using groupware::FolderRole;
using groupware::Kind;
using groupware::Transaction;

constexpr std::pair<std::string_view, Kind> kKindNames[] = {
    {"", Kind::mail},       {"calendar", Kind::calendar}, {"tasks", Kind::tasks},
    {"notes", Kind::notes}, {"contacts", Kind::contacts}, {"files", Kind::files}};
constexpr std::string_view kPathName = "dav.name";  // by which DAV's clients know a collection
constexpr std::string_view kFilesRoot = "Files";    // how sources call the first directory

// The folder of that kind and name, or a new one.
Result<FolderId> named_collection(Transaction& transaction, const std::string& source, const archive::Folder& folder,
                                  Kind kind, FolderId parent, const std::string& name, bool& rewritten) {
  if (const auto there = transaction.folders()->child(parent, name, kind); there && there->kind == kind) {
    TRY(const bool taken, is_taken(transaction, source, there->id, folder_code(folder.key)));
    if (!taken) return there->id;
  }
  Transaction::NewFolder made;
  made.parent = parent;
  made.name = name;
  made.kind = kind;
  made.subscribed = folder.subscribed;
  auto id = transaction.create_folder(made);
  for (int i = 2; !id && id.error().code == Errc::exists && i < 100; ++i) {
    rewritten = true;
    made.name = fmt::format("{} ({})", name, i);
    id = transaction.create_folder(made);
  }
  return id;
}

// Every directory above it is made where there is none.
Result<FolderId> place_directory(Transaction& transaction, const std::string& source, const archive::Folder& folder,
                                 bool& rewritten) {
  const auto root = transaction.folders()->by_role(FolderRole::files);
  if (!root) return fail(Errc::invalid, "the account has no folder for files");
  std::size_t at = folder.path.front() == kFilesRoot ? 1 : 0;
  FolderId parent = root->id;
  for (; at < folder.path.size(); ++at) {
    const auto name = sound_name(folder.path[at]);
    rewritten = rewritten || name != folder.path[at];
    if (at + 1 == folder.path.size())
      return named_collection(transaction, source, folder, Kind::files, parent, name, rewritten);
    if (const auto there = transaction.folders()->child(parent, name, Kind::files)) {
      parent = there->id;
      continue;
    }
    Transaction::NewFolder made;
    made.parent = parent;
    made.name = name;
    made.kind = Kind::files;
    TRY(parent, transaction.create_folder(made));
  }
  return parent;
}

std::string value_in(const std::map<std::string, std::string>& texts, const std::string& name) {
  const auto found = texts.find(name);
  return found == texts.end() ? std::string() : found->second;
}

// Names in a home are unique, and those of the default folders and of what servers keep there are taken.
bool is_free_path_name(const Transaction& transaction, const groupware::Folder& folder, const std::string& name) {
  static constexpr std::string_view kReserved[] = {"calendar", "contacts", "tasks",         "notes",
                                                   "inbox",    "outbox",   "notifications", "directory"};
  const bool is_reserved = std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved);
  if (is_reserved) return false;
  const auto all = transaction.folders()->all();
  return std::none_of(all.begin(), all.end(), [&](const auto& other) {
    return other->id != folder.id && other->kind != Kind::mail &&
           value_in(other->properties, std::string(kPathName)) == name;
  });
}

Result<void> rename_root(Transaction& transaction, const groupware::Folder& folder, const std::string& name) {
  auto renamed = transaction.rename_folder(folder.id, folder.parent, name);
  if (!renamed && renamed.error().code == Errc::exists) return {};
  return renamed;
}

}  // namespace

std::optional<Kind> kind_named(std::string_view text) {
  for (const auto& [name, kind] : kKindNames)
    if (name == text) return kind;
  return std::nullopt;
}

Kind kind_of_item(Kind folder, std::string_view head) {
  if (folder != Kind::calendar && folder != Kind::tasks && folder != Kind::notes) return folder;
  static constexpr std::pair<std::string_view, Kind> kComponents[] = {
      {"BEGIN:VEVENT", Kind::calendar}, {"BEGIN:VTODO", Kind::tasks}, {"BEGIN:VJOURNAL", Kind::notes}};
  std::size_t first = std::string_view::npos;
  for (const auto& [begin, kind] : kComponents)
    if (const auto at = head.find(begin); at < first) {
      first = at;
      folder = kind;
    }
  return folder;
}

Result<FolderId> place_collection(Transaction& transaction, const std::string& source, const archive::Folder& folder,
                                  Kind kind, bool& rewritten) {
  if (kind == Kind::files) return place_directory(transaction, source, folder, rewritten);
  // Only files nest.
  const auto name = sound_name(folder.path.back());
  rewritten = rewritten || folder.path.size() > 1 || name != folder.path.back();
  const auto role = groupware::default_role(kind);
  const auto standard = transaction.folders()->by_role(role);
  if (standard && groupware::parse_folder_role(folder.role) == role) {
    TRY(const bool taken, is_taken(transaction, source, standard->id, folder_code(folder.key)));
    if (!taken && never_used(*standard) && standard->name != name) TRY_VOID(rename_root(transaction, *standard, name));
    if (!taken) return standard->id;
  }
  return named_collection(transaction, source, folder, kind, FolderId(), name, rewritten);
}

std::map<std::string, std::string> folder_traits(const archive::Folder& folder) {
  std::map<std::string, std::string> out;
  if (!folder.colour.empty()) out["colour"] = folder.colour;
  if (!folder.description.empty()) out["description"] = folder.description;
  for (const auto& [name, value] : folder.properties)
    if (!value.empty()) out["p." + name] = value;
  return out;
}

std::string folder_trait_here(const groupware::Folder& folder, const std::string& trait) {
  if (trait == "colour") return folder.colour;
  if (trait == "description") return folder.description;
  return trait.starts_with("p.") ? value_in(folder.properties, trait.substr(2)) : std::string();
}

bool is_like_trait(std::string_view trait) {
  return !trait.starts_with(kGrantTrait) && trait != kPathTrait && trait != kPlaceTrait;
}

Result<void> follow_traits(Transaction& transaction, FolderId id, const archive::Folder& folder,
                           std::map<std::string, std::string>& before) {
  TRY(const auto here, transaction.folder(id));
  auto now = folder_traits(folder);
  if (here->kind != Kind::mail && !folder.path.empty()) now["name"] = sound_name(folder.path.back());
  std::set<std::string> names;
  for (const auto* map : {&before, &now})
    for (const auto& [name, value] : *map)
      if (is_like_trait(name)) names.insert(name);
  Transaction::FolderChange change;
  bool is_changed = false;
  const bool is_first = std::ranges::none_of(before, [](const auto& one) { return is_like_trait(one.first); });
  for (const auto& trait : names) {
    const auto was = value_in(before, trait), is = value_in(now, trait);
    if (was == is) continue;
    if (trait == "name") {
      const bool follows = !is_first && here->name == was && folder.key != "." && here->role != FolderRole::files;
      if (follows) TRY_VOID(rename_root(transaction, *here, is));
      continue;
    }
    if (trait == "colour" && here->colour == was) change.colour = is;
    if (trait == "description" && here->description == was) change.description = is;
    if (trait.starts_with("p.")) {
      const auto property = trait.substr(2);
      const bool may = value_in(here->properties, property) == was &&
                       (property != kPathName || is_free_path_name(transaction, *here, is));
      if (may) change.properties[property] = is;
    }
    is_changed = true;
  }
  if (is_changed) TRY_VOID(transaction.change_folder(id, change));
  for (auto& [name, value] : before)
    if (!is_like_trait(name)) now.emplace(name, std::move(value));
  before = std::move(now);
  return {};
}

}  // namespace kontor::importing
