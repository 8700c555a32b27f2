// SPDX-License-Identifier: AGPL-3.0-or-later
// Who comes: told to the other attendees who are here, some time after the organiser has heard it.
#include <algorithm>

#include "base/log.h"
#include "formats/icalendar/access.h"
#include "groupware/scheduling/lookup.h"
#include "groupware/scheduling/scheduler.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kMostWhoHear = 500;  // attendees; in larger meetings nobody looks who comes

}  // namespace

// Rooms do not care, and the world would get mail each time.
bool Scheduler::is_person_here(const directory::Principal& organizer, const std::string& address) const {
  const auto people = here(organizer.tenant, address);
  return std::ranges::any_of(people, [&](const directory::Principal& one) {
    return one.id != organizer.id &&
           (one.kind == directory::PrincipalKind::user || one.kind == directory::PrincipalKind::shared);
  });
}

// Whether others than who answers are to hear of it.
bool Scheduler::has_others_here(const directory::Principal& organizer, const itip::Message& reply,
                                const Component& object) const {
  if (!user_of(organizer).is(itip::organizer_of(object))) return false;
  std::set<std::string> others;
  for (const Component& part : object.components)
    for (const itip::Property* person : part.all("ATTENDEE"))
      if (std::string address = icalendar::address_of(person->value); address != reply.from)
        others.insert(std::move(address));
  return others.size() <= kMostWhoHear &&
         std::ranges::any_of(others, [&](const std::string& address) { return is_person_here(organizer, address); });
}

Result<void> Scheduler::tell_answers(const directory::Principal& organizer, Account& account,
                                     const NotedAnswers& answers) {
  TRY(const auto reader, account.read(Caller::system()));
  const auto item = reader->item(answers.meeting);
  const auto object = item && !item->filings.empty() ? read_object(*reader, answers.meeting)
                                                     : std::unexpected(Error(Errc::not_found, "it is gone"));
  std::vector<itip::Message> messages;
  const bool is_off = !object || std::ranges::all_of(object->components, [](const Component& part) {
    return !itip::is_scheduled(part) || icalendar::is_cancelled(part);
  });
  if (!is_off) {
    // As if it were new: everybody is told all of it, with the sequence that it has.
    TRY(itip::Plan plan, itip::plan_change(user_of(organizer), {.before = nullptr, .after = &*object}, setting()));
    for (itip::Message& message : plan.messages) {
      std::erase_if(message.to, [&](const std::string& to) { return !is_person_here(organizer, to); });
      if (!message.to.empty()) messages.push_back(std::move(message));
    }
  }
  TRY(const Post post, stage(organizer, messages));
  TRY_VOID(account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    if (is_off) return forget_answers(transaction, answers.meeting);
    const auto now = transaction.item(answers.meeting);
    if (!now || now->hash != item->hash) return fail(Errc::conflict, "the meeting has changed meanwhile");
    TRY_VOID(put(transaction, post));
    return answers_are_told(transaction, answers, services_.clock.now());
  }));
  return {};
}

// Those that are due; the others are remembered.
void Scheduler::tell_all_answers(AccountId id) {
  const auto organizer = services_.directory.by_account(id);
  const auto account = organizer ? services_.accounts.open(id) : std::unexpected(organizer.error());
  const auto reader = account ? (*account)->read(Caller::system()) : std::unexpected(account.error());
  const auto noted = reader ? noted_answers(**reader) : std::unexpected(reader.error());
  if (!noted) return log::warn("scheduling.noted_answers", {{"account", id.value}, {"why", noted.error().text}});
  const Instant now = services_.clock.now();
  bool has_told = false;
  for (const NotedAnswers& answers : *noted) {
    Result<void> done;
    if (answers.due && *answers.due <= now) {
      done = tell_answers(*organizer, **account, answers);
      has_told = true;
    } else if (!answers.due && answers.last + kAnswersRemembered < now) {
      const auto forgot = (*account)->update(
          Caller::system(), [&](Transaction& transaction) { return forget_answers(transaction, answers.meeting); });
      if (!forgot) done = std::unexpected(forgot.error());
    }
    if (!done) log::info("scheduling.answers_not_told", {{"account", id.value}, {"why", done.error().text}});
    if (!done) note_due(id, now + kAnswersWait);
    if (done && answers.due && *answers.due > now) note_due(id, *answers.due);
  }
  if (has_told) send_out(id);
}

void Scheduler::note_due(AccountId id, Instant at) {
  const std::lock_guard lock(mutex_);
  const auto [known, is_new] = due_.emplace(id, at);
  if (!is_new) known->second = std::min(known->second, at);
}

}  // namespace kontor::groupware
