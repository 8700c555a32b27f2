// SPDX-License-Identifier: AGPL-3.0-or-later
// The collections in a tree of item files.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/ics/item_files.h"
#include "migrate/source.h"

namespace kontor::migrate {

// Every directory with item files is a collection; so is a file by itself that names its collection and has many items,
// as calendar servers export them. `root` may be such a file. A folder's key is its path below the root, "." for the
// root itself. Errors: not_found, invalid (a directory cannot be read).
Result<std::vector<SourceFolder>> read_item_folders(const std::string& root, ItemForm form);

// The files of such a folder, as paths.
Result<std::vector<std::string>> files_of_folder(const std::string& root, const SourceFolder& folder, ItemForm form);

}  // namespace kontor::migrate
