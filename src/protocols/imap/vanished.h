// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 7162 section 3.2: which messages of a folder are gone since a client last looked.
#pragma once

#include "protocols/imap/selected.h"
#include "wire/imap/sequence_set.h"

namespace kontor::imap {

// UIDs in `wanted` that left the folder after `since` and are not in `view`. Where the log of changes does not reach
// back so far, all UIDs in `wanted` that the folder could have had and has not, but none up to `matched`. Blocks.
// Errors: not_found, unavailable.
Result<wire::imap::Ranges> vanished_since(groupware::Account& account, const groupware::Caller& caller, FolderId folder,
                                          const groupware::FolderView& view, Modseq since,
                                          const wire::imap::Ranges& wanted, Uid matched = Uid());

// "* VANISHED (EARLIER) 41,43:116"; nothing for no UIDs.
std::string print_vanished(const wire::imap::Ranges& uids, bool earlier);

}  // namespace kontor::imap
