// SPDX-License-Identifier: AGPL-3.0-or-later
// What an IMAP URL of CATENATE stands for (RFC 4469).
#pragma once

#include <string>

#include "groupware/account.h"
#include "protocols/imap/fetch_body.h"
#include "wire/imap/message_url.h"

namespace kontor::imap {

struct MessagePart {
  FetchBody body;
  std::string text;  // of filtered headers; `body` is empty then
};

// The part in a folder of `account`. Blocks. Errors: not_found (another UIDVALIDITY, no such message or part), denied,
// too_large, and as Reader::content.
Result<MessagePart> find_message_part(groupware::Account& account, const groupware::Caller& caller, FolderId folder,
                                      const wire::imap::MessageUrl& url);

}  // namespace kontor::imap
