// SPDX-License-Identifier: AGPL-3.0-or-later
// Inside of the room: copies of several slices that a crash broke off (bulk.h).
#pragma once

#include <string_view>

#include "groupware/stored_account.h"

namespace kontor::groupware {

// Takes back what they brought. When the account was just opened: nobody may be copying.
// Whether a note of such a copy can be read: a folder, then ranges of UIDs, ascending.
bool is_sound_copy_note(std::string_view value);

Result<void> withdraw_broken_copies(StoredAccount& account);

}  // namespace kontor::groupware
