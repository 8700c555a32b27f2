// SPDX-License-Identifier: AGPL-3.0-or-later
// How folders are named in paths. In a home of calendars or contacts all collections lie side by side, and the segment
// of one is its property, else its role, else its name; of two that would be called the same the later one has its id
// behind it. Folders of files are called what they are called.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "groupware/folder.h"
#include "protocols/dav/path.h"

namespace kontor::dav {

// Whether folders of that kind show in that space.
bool shows_in(Space space, groupware::Kind kind);
Space space_of(groupware::Kind kind);  // none for mail

using Segments = std::map<std::string, groupware::FolderTable::Pointer>;
// All folders of a home that is no home of files, whatever the caller's rights.
Segments segments_in(Space space, const groupware::FolderTable& folders);

// A folder of files among the children of another; null if there is none. In whatever form of Unicode it is asked for.
groupware::FolderTable::Pointer files_child(const groupware::FolderTable& folders, FolderId parent,
                                            std::string_view name);

// The collections of a home that are none of folders: no folder is called so.
bool is_reserved(std::string_view segment);

}  // namespace kontor::dav
