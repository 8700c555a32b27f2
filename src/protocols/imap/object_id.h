// SPDX-License-Identifier: AGPL-3.0-or-later
// Object identifiers (RFC 8474): 1 to 255 letters, digits, "_" and "-" that never change and are never used again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "groupware/account.h"

namespace kontor::imap {

// MAILBOXID: stays through renames.
std::string mailbox_id(AccountId account, FolderId folder);

// EMAILID: the same for all copies of a message (RFC 8474 section 5.1), so it is made of what they share and what stays
// with them: content, internal date and thread.
std::string email_id(const groupware::Item& item);

// THREADID: an item's thread is found when it comes and stays.
std::string thread_id(AccountId account, ThreadId thread);
// The thread of that id; nothing if it cannot be one of this account.
std::optional<ThreadId> thread_of(AccountId account, std::string_view id);

}  // namespace kontor::imap
