// SPDX-License-Identifier: AGPL-3.0-or-later
// An account's inbox of scheduling messages (RFC 6638 section 2.1): a folder beside the others that only CalDAV shows.
// Each item is a message as it came, with its METHOD, beside what it made of the calendar; clients show it and remove
// it.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "formats/itip/message.h"
#include "groupware/account.h"

namespace kontor::groupware {

constexpr const char* kInboxName = "Scheduling Inbox";  // as long as nothing else is called so
// Of a folder, "yes": it is the inbox, whatever it is called. What is old there is destroyed: a name alone, which a
// calendar may have, too, never says that.
constexpr const char* kIsInbox = "scheduling.inbox";
// Not all clients remove what they have seen: then the oldest go.
constexpr std::size_t kMostInInbox = 200;
constexpr std::chrono::days kKeptInInbox{60};

// Null: nothing ever came.
FolderTable::Pointer scheduling_inbox(const FolderTable& folders);

NewItem inbox_item(const itip::Message& message, const StagedContent& content);
// "REQUEST"; empty: it is no such item.
std::string inbox_method(const Item& item);
// In the commit that takes the message.
Result<void> add_to_inbox(Transaction& transaction, const NewItem& item, Instant now);

}  // namespace kontor::groupware
