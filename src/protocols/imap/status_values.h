// SPDX-License-Identifier: AGPL-3.0-or-later
// What STATUS, LIST's STATUS option and NOTIFY tell of a folder.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "groupware/account.h"
#include "wire/imap/status_request.h"

namespace kontor::imap {

// "MESSAGES 3 UNSEEN 1". `append_limit` is for APPENDLIMIT; 0 is told as NIL. Blocks. Errors: denied (no right to
// read), not_found (it holds folders only).
Result<std::string> status_values(const groupware::Reader& reader, AccountId account, const groupware::Folder& folder,
                                  std::span<const wire::imap::StatusItem> items, std::uint64_t append_limit = 0);

}  // namespace kontor::imap
