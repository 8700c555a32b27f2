// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: an account's outbox, a folder beside the others that no protocol shows. Each item is one
// message for one recipient.
#pragma once

#include <string>

#include "base/result.h"
#include "formats/itip/message.h"
#include "groupware/account.h"

namespace kontor::groupware {

constexpr const char* kOutboxName = "Scheduling Outbox";  // as long as nothing else is called so
// Of a folder, "yes": it is the outbox, whatever it is called. What is in it is sent and destroyed: a name alone, which
// a calendar may have, too, never says that.
constexpr const char* kIsOutbox = "scheduling.outbox";
constexpr const char* kPostMethod = "itip.method";
constexpr const char* kPostFrom = "itip.from";
constexpr const char* kPostTo = "itip.to";

// Null: there is none yet.
FolderTable::Pointer outbox_of(const FolderTable& folders);
Result<FolderId> make_outbox(Transaction& transaction);

// An item of the outbox; its content is the calendar.
NewItem post_item(const itip::Message& message, const std::string& to, const StagedContent& content);
// Errors: corrupt (it is none).
Result<itip::Message> read_post(const Item& item, std::string_view bytes);

}  // namespace kontor::groupware
