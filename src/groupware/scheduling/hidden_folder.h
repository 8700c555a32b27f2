// SPDX-License-Identifier: AGPL-3.0-or-later
// Folders in which scheduling keeps what is no item of a person: known by a property, since anybody may give any name.
#pragma once

#include <string>

#include "groupware/account.h"

namespace kontor::groupware {

// Null if there is none.
FolderTable::Pointer hidden_folder(const FolderTable& folders, const char* mark);
// Makes one, called `name` or, where that is taken, "<name> 2" and so on. Errors: as Transaction::create_folder.
Result<FolderId> make_hidden_folder(Transaction& transaction, const std::string& name, const char* mark);

}  // namespace kontor::groupware
