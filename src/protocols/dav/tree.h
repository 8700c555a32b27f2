// SPDX-License-Identifier: AGPL-3.0-or-later
// Folders with all that is below them: removing and copying.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "protocols/dav/family.h"

namespace kontor::dav {

// What could not be done with a member of a tree.
struct Fault {
  std::string path;
  Problem problem;
};
using Faults = std::vector<Fault>;

// 207 about what could not be done, or the status alone if it is the resource itself.
Response answer(const std::string& path, const Faults& faults);

// The folder and all below it, each after the one that it is in.
std::vector<groupware::FolderTable::Pointer> folders_of_tree(const groupware::FolderTable& folders, FolderId top);

// By the last change of its items, each folder of a tree.
using TreeState = std::vector<std::pair<FolderId, Modseq>>;
TreeState state_of_tree(const groupware::FolderTable& folders, FolderId top);

// Whether the caller may remove it, with all that is in it; checks locks. `faults` tells of members.
Outcome<void> check_removable(Context& context, const groupware::Reader& reader, const Resource& resource,
                              Faults& faults);
// The item goes, or the folder with all that is below it: all or nothing. Checks locks. `faults` tells of members.
Outcome<void> remove_resource(Context& context, groupware::Transaction& transaction, const Resource& resource,
                              Faults& faults);

// Copies the items of a folder into another one, also of another account; steps of their own, `faults` tells of those
// that could not be copied. Errors: what makes going on useless.
Outcome<void> copy_items(Context& context, const Resource& from, const Resource& to, Faults& faults);

// One item's content and properties, taken anew for another account or kind of change.
Outcome<groupware::NewItem> taken_along(Context& context, const Resource& item, const Resource& to,
                                        const std::shared_ptr<const std::string>& bytes);

}  // namespace kontor::dav
