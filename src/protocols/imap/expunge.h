// SPDX-License-Identifier: AGPL-3.0-or-later
// Removing what is flagged \Deleted, in one change of the account.
#pragma once

#include "groupware/account.h"
#include "wire/imap/sequence_set.h"

namespace kontor::imap {

// `only`: UIDs that may go; null = all. Blocks. Errors: denied, not_found (the folder), unavailable.
Result<void> expunge(groupware::Account& account, const groupware::Caller& caller, FolderId folder,
                     const wire::imap::Ranges* only);

}  // namespace kontor::imap
