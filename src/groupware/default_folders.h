// SPDX-License-Identifier: AGPL-3.0-or-later
// The default folders of calendars, contacts, tasks, notes and files, which every account has.
#pragma once

#include "groupware/account.h"

namespace kontor::groupware {

bool has_default_folders(const FolderTable& folders);
// Makes those that are missing. Everyone in the tenant may ask the calendar when its owner is busy.
Result<void> make_default_folders(Transaction& transaction);

}  // namespace kontor::groupware
