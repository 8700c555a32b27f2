// SPDX-License-Identifier: AGPL-3.0-or-later
// Compares what a source says of an account, but for its items, with what is here: folders, rights, subscriptions and
// settings. For a verification; changes nothing.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "directory/directory.h"
#include "formats/archive/answer.h"
#include "formats/archive/reader.h"
#include "groupware/account.h"

namespace kontor::importing {

// Reads the archive of one account, which has no items: `account`'s, whose owner has this address. Gives an answer for
// each folder and one for the settings: how many are as they came, and what is different, and since when. Blocks.
// Errors: of the archive, denied (it is another account's), corrupt, unavailable.
Result<std::vector<archive::Answer>> compare_archive(archive::Reader& archive, groupware::Account& account,
                                                     const directory::Directory& directory, const std::string& address);

}  // namespace kontor::importing
