// SPDX-License-Identifier: AGPL-3.0-or-later
// Removed folders of whose meetings those concerned are still to be told. The folder went in one small commit, which
// says so; its items stay where they are until Scheduler has told of the last of them, also after a restart.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "groupware/accounts.h"
#include "groupware/environment.h"

namespace kontor::groupware {

// In the note of a removed folder (docs/formats/account.md).
constexpr const char* kUnsaid = "removed.unsaid";  // kTells or kTellsNoReplies
constexpr const char* kSaid = "removed.said";      // the UID up to which all is said
constexpr std::string_view kTells = "all", kTellsNoReplies = "no replies";

Result<std::vector<UnsaidFolder>> stored_unsaid_folders(Environment& environment, AccountId account);
Result<std::vector<std::pair<Uid, ItemId>>> stored_unsaid_items(Environment& environment, AccountId account,
                                                                const UnsaidFolder& folder, std::size_t limit);

}  // namespace kontor::groupware
