// SPDX-License-Identifier: AGPL-3.0-or-later
// What mail says to calendars.
#include "base/log.h"
#include "formats/icalendar/access.h"
#include "formats/itip/mail.h"
#include "groupware/scheduling/lookup.h"
#include "groupware/scheduling/scheduler.h"

namespace kontor::groupware {
namespace {

constexpr std::uint64_t kLargestWithCalendar = 30ULL << 20;  // bytes of mail

}  // namespace

// Whether a message may be looked at though nobody proves whose it is: it is about what is in the calendar already,
// from its organiser, or from somebody who was invited to it. Of answers receive() asks the same. Whoever is of this
// server has proven who he is where he comes by mail.
bool Scheduler::is_known(const directory::Principal& who, itip::Method method, const Component& calendar) const {
  if (!itip::is_from_organizer(method)) return true;
  const std::string uid = uid_of(calendar);
  const auto account = services_.accounts.open(who.account());
  if (uid.empty() || !account) return false;
  const auto stored = find_stored(**account, uid);
  return stored && stored->calendar && itip::organizer_of(*stored->calendar) == itip::organizer_of(calendar);
}

Result<bool> Scheduler::take_noted(Account& account, const NotedMail& mail) {
  std::string bytes;
  {
    TRY(const auto reader, account.read(Caller::system()));
    TRY(const auto content, reader->content(mail.item));
    if (content->size() > kLargestWithCalendar) return false;
    TRY(bytes, content->read(0, static_cast<std::size_t>(content->size())));
  }
  const auto found = itip::find_in_mail(bytes);
  if (!found || found->author.empty()) return false;
  TRY(const directory::Principal who, services_.directory.by_account(account.id()));
  const auto method = itip::method_of(found->calendar);
  const itip::Message message{*method, found->author, who.addresses, found->calendar};
  if (!mail.is_author_proven && (is_ours(found->author) || !is_known(who, *method, found->calendar))) {
    left_.add();
    log::info("scheduling.not_trusted", {{"from", found->author}, {"to", who.primary_address()}});
    return false;
  }
  return take(who, message, {.message = &message.calendar, .from = found->author}, mail.item);
}

void Scheduler::take_mail(Account& account, const NotedMail& mail) {
  const auto taken = take_noted(account, mail);
  if (taken && *taken) return send_out(account.id());
  if (!taken && is_passing(taken.error()) && services_.clock.now() < mail.since + kNotedFor) return wait(account.id());
  if (!taken) log::info("scheduling.mail_left", {{"account", account.id().value}, {"why", taken.error().text}});
  const auto forgot =
      account.update(Caller::system(), [&](Transaction& transaction) { return forget_mail(transaction, mail.item); });
  if (!forgot) wait(account.id());
}

// What was filed and noted when somebody's process ended, or could not be taken then.
void Scheduler::take_all_noted(AccountId id) {
  const auto account = services_.accounts.open(id);
  const auto reader = account ? (*account)->read(Caller::system()) : std::unexpected(account.error());
  const auto noted = reader ? noted_mail(**reader) : std::unexpected(reader.error());
  if (!noted) return log::warn("scheduling.noted_mail", {{"account", id.value}, {"why", noted.error().text}});
  for (const NotedMail& mail : *noted) take_mail(**account, mail);
}

}  // namespace kontor::groupware
