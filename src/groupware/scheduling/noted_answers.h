// SPDX-License-Identifier: AGPL-3.0-or-later
// Meetings of which other attendees have not heard yet who comes: noted in the commit that takes an answer, told
// together after a while, the longer the more often that was: a meeting of 200 people that 200 answer makes some
// thousand messages, not 40,000. The notes lie in the account's ledger, under a source of their own.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "groupware/account.h"

namespace kontor::groupware {

constexpr std::chrono::seconds kAnswersWait{30};
constexpr std::chrono::hours kLongestAnswersWait{6};
constexpr std::chrono::days kAnswersRemembered{7};  // how often they were told

struct NotedAnswers {
  ItemId meeting;
  std::optional<Instant> due;  // nothing: there is nothing to tell
  Instant last{};              // when they were told
  int told = 0;                // how often
};

// Returns when they are to be told.
Result<Instant> note_answer(Transaction& transaction, ItemId meeting, Instant now);
Result<void> answers_are_told(Transaction& transaction, NotedAnswers answers, Instant now);
Result<void> forget_answers(Transaction& transaction, ItemId meeting);
Result<std::vector<NotedAnswers>> noted_answers(const Reader& reader);

}  // namespace kontor::groupware
