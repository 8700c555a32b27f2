// SPDX-License-Identifier: AGPL-3.0-or-later
// Where a source's calendar, address book, task list, notebook or directory goes, and what it is like.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "formats/archive/record.h"
#include "groupware/account.h"

namespace kontor::importing {

// "calendar" as archives say it; "" is mail.
std::optional<groupware::Kind> kind_named(std::string_view text);

// Of an item by the first component in its content's beginning: calendars also hold tasks and notes.
groupware::Kind kind_of_item(groupware::Kind folder, std::string_view head);
constexpr std::size_t kKindHead = 64 << 10;

// Rules, the first that fits: the account's default folder of the kind, if the source's is one, under the source's name
// if it was never used; the folder of that kind and name at the root; a new one. Directories of files lie below the
// account's own, at the source's path. `rewritten`: it has another name than at the source.
Result<FolderId> place_collection(groupware::Transaction& transaction, const std::string& source,
                                  const archive::Folder& folder, groupware::Kind kind, bool& rewritten);

// What the source says of a folder besides its items: "name" (of mail folders it says where they are: follow_folder()),
// "colour", "description", and its properties behind "p.". What it says otherwise than at the last pass (`before`) is
// done here too, where nobody changed it meanwhile. `before` becomes what it says now; others of its traits stay.
Result<void> follow_traits(groupware::Transaction& transaction, FolderId id, const archive::Folder& folder,
                           std::map<std::string, std::string>& before);

// What follow_traits() follows, but for the name: as the source says it, and as it is here; whether a trait is of
// these.
std::map<std::string, std::string> folder_traits(const archive::Folder& folder);
std::string folder_trait_here(const groupware::Folder& folder, const std::string& trait);
bool is_like_trait(std::string_view trait);

}  // namespace kontor::importing
