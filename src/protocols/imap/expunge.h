// SPDX-License-Identifier: AGPL-3.0-or-later
// Removing what is flagged \Deleted in the selected folder, in slices of one
// change each.
#pragma once

#include "protocols/imap/command.h"
#include "wire/imap/sequence_set.h"

namespace kontor::imap {

// `only`: UIDs that may go; null = all. Errors: denied, not_found (the folder),
// unavailable.
Task<Result<void>> expunge(Session& session, const Command& command, const wire::imap::Ranges* only);

}  // namespace kontor::imap
