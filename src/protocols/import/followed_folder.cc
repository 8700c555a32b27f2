// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/followed_folder.h"

#include <fmt/format.h>

#include "protocols/import/collection.h"
#include "protocols/import/place.h"
#include "protocols/import/traits.h"

namespace kontor::importing {
namespace {

using groupware::FolderRole;
using groupware::Transaction;

constexpr std::string_view kPathNameTrait = "p.dav.name";  // a proposal: another one where that is taken

std::string sound_path(const std::vector<std::string>& path, std::size_t names) {
  std::string out;
  for (std::size_t i = 0; i < names; ++i) out += (i == 0 ? "" : "/") + sound_name(path[i]);
  return out;
}

// Without what is above the parent: a renamed parent is its own difference, not that of all below it.
std::string place_of(const groupware::Folder& folder) { return fmt::format("{} {}", folder.parent.value, folder.name); }

std::string trait_of(const FolderMark& mark, std::string_view name) {
  const auto found = mark.traits.find(std::string(name));
  return found == mark.traits.end() ? std::string() : found->second;
}

// The folder above: the one that came from there, whatever it is called here; else one of that name.
Result<FolderId> parent_here(Transaction& transaction, const std::string& source, const archive::Folder& folder) {
  if (folder.path.size() < 2) return FolderId();
  const std::string above = sound_path(folder.path, folder.path.size() - 1);
  FolderId found;
  TRY_VOID(transaction.ledger_scan(source, "F", [&](std::string_view key, const groupware::LedgerEntry& entry) {
    if (!key.starts_with('F')) return false;
    const auto other = decode_folder_mark(entry.fingerprint);
    if (other && !other->is_gone && trait_of(*other, kPathTrait) == above && transaction.folder(other->target))
      found = other->target;
    return !found;
  }));
  if (found) return found;
  bool is_rewritten = false;
  return place_parents(transaction, folder, is_rewritten);
}

// True: it is where it is to be.
Result<bool> move_mail_folder(Transaction& transaction, const std::string& source, const archive::Folder& folder,
                              const groupware::Folder& here) {
  if (here.role == FolderRole::inbox) return true;
  TRY(const bool is_shared, is_taken(transaction, source, here.id, folder_code(folder.key)));
  if (is_shared) return true;
  TRY(const FolderId parent, parent_here(transaction, source, folder));
  const std::string name = sound_name(folder.path.back());
  if (parent == here.parent && name == here.name) return true;
  const auto moved = transaction.rename_folder(here.id, parent, name);
  if (moved) return true;
  const Errc code = moved.error().code;
  if (code == Errc::exists || code == Errc::invalid || code == Errc::too_large) return false;
  return std::unexpected(moved.error());
}

std::string shown_trait(const std::string& name) {
  return name.starts_with("p.") ? "setting \"" + name.substr(2) + "\"" : name;
}

std::string shown(const archive::Folder& folder) { return folder.path.empty() ? folder.key : folder.path.back(); }

}  // namespace

Result<void> follow_folder(Transaction& transaction, const std::string& source, const archive::Folder& folder,
                           FolderId id, FolderMark& mark) {
  TRY(const auto before, transaction.folder(id));
  const std::string path = sound_path(folder.path, folder.path.size());
  const std::string path_then = trait_of(mark, kPathTrait), place_then = trait_of(mark, kPlaceTrait);
  const bool is_first = place_then.empty();
  const bool follows = !is_first && path_then != path && place_then == place_of(*before);
  bool is_done = true;
  if (follows && before->kind == groupware::Kind::mail) {
    TRY(is_done, move_mail_folder(transaction, source, folder, *before));
  }
  TRY_VOID(follow_traits(transaction, id, folder, mark.traits));
  if (is_done) mark.traits[std::string(kPathTrait)] = path;
  TRY(const auto now, transaction.folder(id));
  if (is_first || follows) mark.traits[std::string(kPlaceTrait)] = place_of(*now);
  return {};
}

void FolderComparison::compare(const archive::Folder& folder, const groupware::Folder& here, const FolderMark& mark,
                               archive::Answer& answer) {
  const auto compare = [&](const std::string& what, const Settled& settled) {
    const std::string why = difference_of(settled);
    if (why.empty())
      ++answer.counts.present;
    else
      answer.different.push_back({fmt::format("the {} of {}", what, shown(folder)), why});
  };
  if (const std::string place_then = trait_of(mark, kPlaceTrait); !place_then.empty()) {
    const std::string path = sound_path(folder.path, folder.path.size()), path_then = trait_of(mark, kPathTrait);
    former_paths_[path] = path_then;
    std::string expected = path;
    if (const auto end = path.rfind('/'); end != std::string::npos)
      if (const auto parent = former_paths_.find(path.substr(0, end)); parent != former_paths_.end())
        expected = parent->second + path.substr(end);
    compare("name or place", {.was_brought = true,
                              .is_same_at_source = path_then == expected,
                              .is_same_here = place_then == place_of(here),
                              .is_at_source = true,
                              .is_here = true});
  }
  for (const auto& [name, is] : folder_traits(folder)) {
    if (name == kPathNameTrait) continue;
    const std::string now = folder_trait_here(here, name);
    Settled settled{.was_brought = mark.traits.contains(name),
                    .is_same_at_source = trait_of(mark, name) == is,
                    .is_same_here = trait_of(mark, name) == now,
                    .is_at_source = true,
                    .is_here = !now.empty()};
    if (now == is) settled = {.was_brought = true, .is_same_at_source = true, .is_same_here = true};
    compare(shown_trait(name), settled);
  }
  for (const auto& [name, was] : mark.traits)
    if (is_like_trait(name) && name != "name" && name != kPathNameTrait && !folder_traits(folder).contains(name))
      compare(shown_trait(name), {.was_brought = true,
                                  .is_same_at_source = false,
                                  .is_same_here = folder_trait_here(here, name) == was,
                                  .is_at_source = false,
                                  .is_here = true});
}

}  // namespace kontor::importing
