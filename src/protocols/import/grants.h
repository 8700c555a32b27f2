// SPDX-License-Identifier: AGPL-3.0-or-later
// What others may do in a source's folder, done here.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "directory/directory.h"
#include "formats/archive/answer.h"
#include "formats/archive/record.h"
#include "groupware/account.h"
#include "protocols/import/ledger.h"

namespace kontor::importing {

// What the source says otherwise than at the last pass is done in the folder, for each of those it concerns where its
// rights here are as they were brought. `is_new`: the folder was made just now, and what it inherited does not count.
// Addresses of nobody here are left for a later pass and told in `unknown`. Of the source's folder with that code,
// which the ledger has.
Result<void> follow_grants(groupware::Transaction& transaction, const directory::Directory& directory,
                           const directory::Principal& owner, const std::string& source, const archive::Folder& folder,
                           bool is_new, std::vector<std::string>& unknown);

// How many of the source's rights on the folder are here as they came, and which are different (archive::Answer), as
// compare_settings() has it. Addresses of nobody here are not compared.
Result<void> compare_grants(const groupware::Reader& reader, const directory::Directory& directory,
                            const directory::Principal& owner, const FolderMark& mark, const archive::Folder& folder,
                            archive::Answer& answer);

}  // namespace kontor::importing
