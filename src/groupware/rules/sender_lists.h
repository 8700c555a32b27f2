// SPDX-License-Identifier: AGPL-3.0-or-later
// Whose mail is wanted and whose is not, by lists of senders: addresses, or domains as "@example.org".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "directory/directory.h"
#include "groupware/account.h"
#include "groupware/rules/filter.h"

namespace kontor::groupware {

// Whether one of the senders, in lower case, is on the list.
bool is_listed(const std::vector<std::string>& list, const std::vector<std::string>& senders);

enum class SenderMark : std::uint8_t { none, allowed, blocked, refused };

// By the lists of the tenant and, where it is about to be junk, of the account. Who is allowed must be proven to be the
// author; who is blocked need not even be the author: the envelope's sender counts as well.
SenderMark mark_sender(const directory::Directory& directory, Account& account, const Incoming& incoming);

}  // namespace kontor::groupware
