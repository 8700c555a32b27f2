// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/noted_answers.h"

#include <algorithm>
#include <string>

#include "base/bytes.h"

namespace kontor::groupware {
namespace {

constexpr const char* kNotedAnswers = "kontor:answers";  // no source of an import has such a name

std::string answers_key(ItemId meeting) { return std::to_string(meeting.value); }

// due (0: nothing to tell), last, how often: 8 bytes each.
std::optional<NotedAnswers> answers_of(const LedgerEntry& entry) {
  if (entry.fingerprint.size() != 24) return std::nullopt;
  const auto number = [&](std::size_t at) {
    return static_cast<std::int64_t>(read_be64(std::string_view(entry.fingerprint).substr(at)));
  };
  NotedAnswers out{.meeting = entry.item};
  if (number(0) != 0) out.due = Instant(std::chrono::seconds(number(0)));
  out.last = Instant(std::chrono::seconds(number(8)));
  out.told = static_cast<int>(number(16));
  return out;
}

Result<void> keep_answers(Transaction& transaction, const NotedAnswers& answers) {
  LedgerEntry entry{answers.meeting, {}};
  const auto append = [&](std::int64_t number) { append_be64(entry.fingerprint, static_cast<std::uint64_t>(number)); };
  append(answers.due ? answers.due->time_since_epoch().count() : 0);
  append(answers.last.time_since_epoch().count());
  append(answers.told);
  return transaction.note_imported(kNotedAnswers, answers_key(answers.meeting), entry);
}

}  // namespace

Result<Instant> note_answer(Transaction& transaction, ItemId meeting, Instant now) {
  TRY(const auto entry, transaction.ledger(kNotedAnswers, answers_key(meeting)));
  NotedAnswers answers = entry ? answers_of(*entry).value_or(NotedAnswers()) : NotedAnswers();
  answers.meeting = meeting;
  if (answers.due) return *answers.due;
  const std::chrono::seconds wait =
      std::min<std::chrono::seconds>(kLongestAnswersWait, kAnswersWait * (1 << std::min(answers.told, 16)));
  answers.due = std::max(now + kAnswersWait, answers.last + wait);
  TRY_VOID(keep_answers(transaction, answers));
  return *answers.due;
}

Result<void> answers_are_told(Transaction& transaction, NotedAnswers answers, Instant now) {
  answers.due.reset();
  answers.last = now;
  ++answers.told;
  return keep_answers(transaction, answers);
}

Result<void> forget_answers(Transaction& transaction, ItemId meeting) {
  return transaction.forget_imported(kNotedAnswers, answers_key(meeting));
}

Result<std::vector<NotedAnswers>> noted_answers(const Reader& reader) {
  std::vector<NotedAnswers> out;
  TRY_VOID(reader.ledger_scan(kNotedAnswers, "", [&](std::string_view, const LedgerEntry& entry) {
    if (const auto answers = answers_of(entry)) out.push_back(*answers);
    return true;
  }));
  return out;
}

}  // namespace kontor::groupware
