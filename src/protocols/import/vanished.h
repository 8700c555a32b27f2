// SPDX-License-Identifier: AGPL-3.0-or-later
// Items that the source has no longer: marked in the ledger, found again by their content if they only moved, removed
// only on request.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "formats/archive/answer.h"
#include "groupware/account.h"

namespace kontor::importing {

// Marks the items of these (bounded) keys; returns how many were not marked before.
Result<std::uint64_t> mark_vanished(groupware::Account& account, const std::string& source, std::uint64_t code,
                                    const std::vector<std::string>& keys);

// Marks all of the folder's items but those whose key's stable_hash64 is in `present` (ascending).
Result<std::uint64_t> mark_absent(groupware::Account& account, const std::string& source, std::uint64_t code,
                                  const std::vector<std::uint64_t>& present);

// Notes that the source has the folder no longer, and forgets the state of its last pass.
Result<void> mark_folder_gone(groupware::Account& account, const std::string& source, std::uint64_t code);

// Removes marked items that are as they were brought; one answer per folder. Changed ones stay, and so do those of a
// folder that lost too many at once, unless overridden.
Result<std::vector<archive::Answer>> remove_vanished(groupware::Account& account, const std::string& source,
                                                     bool override_threshold);

// Removes folders that the source has no longer and that hold nothing here any more: no item, no folder, no role, and
// no item of theirs left in the ledger. Returns their paths.
Result<std::vector<std::string>> remove_gone_folders(groupware::Account& account, const std::string& source);

}  // namespace kontor::importing
