// SPDX-License-Identifier: AGPL-3.0-or-later
// Rooms and equipment answer at once.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "formats/icalendar/access.h"
#include "formats/itip/difference.h"
#include "formats/itip/mail.h"
#include "groupware/calendar/free_busy.h"
#include "groupware/scheduling/scheduler.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kMostTaken = 20'000;  // spans that are looked at
constexpr std::uint64_t kMostTakenSteps = 2'000'000;

bool waits_for_answer(const Component& object, const itip::User& user) {
  for (const Component& part : object.components) {
    const itip::Property* self = itip::is_scheduled(part) ? itip::attendee(part, user) : nullptr;
    if (self != nullptr && itip::status_of(*self) == "NEEDS-ACTION" && !icalendar::is_cancelled(part)) return true;
  }
  return false;
}

// What the organiser writes for it is no answer of its own, nor is what it said to another time.
void forget_claims(const Component* before, const itip::User& user, const icalendar::ZoneDatabase& zones,
                   Component& object) {
  static const Component kNothing{.name = "VCALENDAR"};
  itip::Parts had(before != nullptr ? *before : kNothing, zones);
  itip::Parts has(object, zones);
  for (Component& part : object.components) {
    itip::Property* self = itip::is_scheduled(part) ? itip::attendee(part, user) : nullptr;
    if (self == nullptr || itip::status_of(*self) == "NEEDS-ACTION") continue;
    const auto key = has.key(part);
    const std::optional<Component> old = key ? had.find_or_derive(*key) : std::nullopt;
    const bool is_same = old && !icalendar::is_cancelled(*old) && itip::is_same_time(*old, had, part, has);
    const itip::Property* answer = is_same ? itip::attendee(*old, user) : nullptr;
    itip::set_status(*self, answer != nullptr ? itip::status_of(*answer) : "NEEDS-ACTION");
  }
}

void say(Component& object, const itip::User& user, std::string_view status) {
  for (Component& part : object.components)
    if (itip::Property* self = itip::is_scheduled(part) ? itip::attendee(part, user) : nullptr)
      itip::set_status(*self, status);
}

}  // namespace

Result<std::vector<TakenSpan>> Scheduler::taken_spans(const directory::Principal& who, const std::string& but_uid,
                                                      Instant from, Instant to) const {
  TRY(const auto account, services_.accounts.open(who.account()));
  icalendar::ZonePointer zone = who.booking.zone.empty() ? nullptr : zones_.find(who.booking.zone);
  if (!zone) zone = icalendar::utc_zone();
  TRY(const auto periods, free_busy(*account, services_.directory, zones_, zone, Caller::system(), from, to,
                                    {.except_uid = but_uid, .most = kMostTaken, .steps = kMostTakenSteps}));
  std::vector<TakenSpan> out;
  for (const BusyPeriod& one : periods) out.push_back({one.from, one.to});
  return out;
}

Result<std::vector<icalendar::Busy>> Scheduler::busy(const directory::Principal& asker, const Caller& caller,
                                                     const std::string& address, icalendar::Window window) const {
  const std::vector<directory::Principal> people = here(asker.tenant, address);
  if (people.size() != 1) return fail(Errc::not_found, "there is nobody of that address");
  TRY(const auto account, services_.accounts.open(people.front().account()));
  TRY(auto periods, free_busy(*account, services_.directory, zones_, icalendar::utc_zone(), caller, window.from,
                              window.to, {.except_uid = {}, .only = {}, .others = &services_.accounts}));
  return told(std::move(periods));
}

Result<void> Scheduler::answer_booking(const directory::Principal& who, const Component* before,
                                       itip::Received& received, std::vector<itip::Message>& answers) const {
  const itip::User user = user_of(who);
  forget_claims(before, user, zones_, received.object);
  if (who.booking.answer == directory::BookingPolicy::Answer::manual || !waits_for_answer(received.object, user))
    return {};
  const auto first = std::ranges::find_if(received.object.components, itip::is_scheduled);
  const std::string uid = icalendar::uid(*first);
  TRY(const BookingAnswer answer,
      groupware::answer_booking(
          who.booking, received.object, [&](Instant from, Instant to) { return taken_spans(who, uid, from, to); },
          zones_, services_.clock.now()));
  Component said = received.object;
  say(said, user, answer.status);
  for (const icalendar::When& id : answer.declined) {
    itip::Parts parts(said, zones_);
    TRY(const itip::PartKey key, parts.key(id));
    auto part = parts.find_or_derive(key);
    if (!part) continue;
    if (itip::Property* self = itip::attendee(*part, user)) itip::set_status(*self, "DECLINED");
    itip::put_part(said, key, *std::move(part), zones_);
  }
  TRY(itip::Plan plan, itip::plan_change(user, {.before = &received.object, .after = &said}, setting()));
  for (itip::Message& message : plan.messages) {
    for (Component& part : message.calendar.components)
      if (itip::is_scheduled(part) && !answer.why.empty()) part.set("COMMENT", lines::escape(answer.why));
    answers.push_back(std::move(message));
  }
  received.object = std::move(plan.object);
  if (answer.asks_approver) tell_approvers(who, received.object);
  return {};
}

// They look at the resource's calendar and answer there, in its name.
void Scheduler::tell_approvers(const directory::Principal& who, const Component& object) const {
  if (services_.outbox == nullptr) return;
  itip::Message request{itip::Method::request, itip::organizer_of(object), who.addresses, object};
  const std::string& from = who.primary_address();
  for (const PrincipalId id : who.booking.approvers) {
    const auto approver = services_.directory.principal(id);
    if (!approver) continue;
    std::string text = fmt::format("{} wants {}. Accept or decline it in the calendar of {}.\n\n",
                                   itip::organizer_of(object), who.name.empty() ? from : who.name, from);
    text += itip::text_of(request, itip::organizer_of(object));
    const auto work = [&]() -> Result<void> {
      const auto stager = services_.accounts.stage(who.tenant);
      TRY_VOID(stager->write(itip::make_text_mail(
          "To approve: " + itip::subject_of(request), text,
          {.from_name = who.name,
           .from = from,
           .to = approver->primary_address(),
           .message_id = fmt::format("<{}@{}>", to_hex(random_bytes(16)), from.substr(from.rfind('@') + 1)),
           .now = services_.clock.now()})));
      OutgoingMail mail;
      mail.principal = who.id;
      mail.sender = from;
      mail.recipients = {approver->primary_address()};
      mail.kind = OutgoingKind::invitation;
      TRY(mail.content, stager->finish());
      return services_.outbox->send(mail);
    };
    if (const auto sent = work(); !sent)
      log::warn("scheduling.approver_not_told", {{"resource", from}, {"why", sent.error().text}});
  }
}

}  // namespace kontor::groupware
