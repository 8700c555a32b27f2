// SPDX-License-Identifier: AGPL-3.0-or-later
// Mail with a calendar in it that was filed and not looked at yet: noted in the commit that files it, forgotten in the
// one that takes what it says. So a crash in between loses nothing. The notes lie in the account's ledger, under a
// source of their own.
#pragma once

#include <chrono>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "groupware/account.h"

namespace kontor::groupware {

// What could not be taken for so long is the person's to read.
constexpr std::chrono::days kNotedFor{7};

struct NotedMail {
  ItemId item;
  bool is_author_proven = false;
  Instant since{};
};

// Whether a part of it may be a calendar, by its summary.
bool may_have_calendar(const StagedContent& mail);

Result<void> note_mail(Transaction& transaction, const NotedMail& mail);
Result<void> forget_mail(Transaction& transaction, ItemId item);
Result<std::vector<NotedMail>> noted_mail(const Reader& reader);

}  // namespace kontor::groupware
