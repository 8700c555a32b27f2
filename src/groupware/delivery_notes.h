// SPDX-License-Identifier: AGPL-3.0-or-later
// Which messages to a group an account has, while others of the group could not take them: when the message comes again
// it is not filed twice. They lie in the account's ledger, under a source of their own.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "groupware/account.h"

namespace kontor::groupware {

// Longer than a transfer agent tries to get rid of a message.
constexpr std::chrono::hours kKeptDeliveryNotes{24 * 7};

// The note of a message, as its fingerprint tells it from others, to a group.
std::string delivery_note(std::string_view fingerprint, PrincipalId group);

Result<bool> has_delivery_note(const Reader& reader, const std::string& note);
Result<void> keep_delivery_note(Transaction& transaction, const std::string& note, ItemId item, Instant now);
Result<void> drop_delivery_note(Transaction& transaction, const std::string& note);

// The prefix of their keys in the account's partition.
std::string delivery_notes_prefix();
// Drops the notes of before `before`.
Result<void> drop_delivery_notes(Transaction& transaction, Instant before);

}  // namespace kontor::groupware
