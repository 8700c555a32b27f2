// SPDX-License-Identifier: AGPL-3.0-or-later
// Feeds as an account keeps them: feeds.h says what they are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "groupware/calendar/feeds.h"
#include "groupware/environment.h"
#include "groupware/stored_account.h"

namespace kontor::groupware {

std::string encode(const Feed& feed);
Result<Feed> decode_feed(FolderId folder, std::string_view bytes);

Result<std::vector<Feed>> stored_feeds(Environment& environment, AccountId account);
// What fetching it gave; settings that are others by now stay.
Result<void> note_stored_feed(StoredAccount& account, const Feed& feed);

}  // namespace kontor::groupware
