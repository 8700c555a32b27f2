// SPDX-License-Identifier: AGPL-3.0-or-later
// What a message makes of a calendar, stored.
#include <mutex>
#include <optional>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "formats/itip/mail.h"
#include "formats/mime/summary_generated.h"
#include "groupware/scheduling/inbox.h"
#include "groupware/scheduling/lookup.h"
#include "groupware/scheduling/scheduler.h"

namespace kontor::groupware {
namespace {

constexpr std::chrono::days kRemembered{365};
constexpr int kMostTries = 10;
constexpr std::uint64_t kLargestWithCalendar = 30ULL << 20;  // bytes of mail

const Component* first_scheduled(const Component& calendar) {
  for (const Component& part : calendar.components)
    if (itip::is_scheduled(part)) return &part;
  return nullptr;
}

Kind kind_of_object(const Component& calendar) {
  const Component* part = first_scheduled(calendar);
  if (part != nullptr && part->is("VTODO")) return Kind::tasks;
  return part != nullptr && part->is("VJOURNAL") ? Kind::notes : Kind::calendar;
}

bool may_have_calendar(const mime::fb::Entity& entity) {  // NOLINT(misc-no-recursion): its depth is bounded
  const auto is = [](const flatbuffers::String* text, std::string_view other) {
    return text != nullptr && iequals(text->string_view(), other);
  };
  if ((is(entity.type(), "text") && is(entity.subtype(), "calendar")) ||
      (is(entity.type(), "application") && is(entity.subtype(), "ics")))
    return true;
  if (entity.parts() != nullptr)
    for (const auto* part : *entity.parts())
      if (part != nullptr && may_have_calendar(*part)) return true;
  return false;
}

}  // namespace

Result<FolderTable::Pointer> invitation_folder(const FolderTable& folders, Kind kind) {
  for (const FolderTable::Pointer& folder : folders.all())
    if (kind == Kind::calendar && folder->kind == kind && folder->properties.contains(kTakesInvitations)) return folder;
  if (auto folder = folders.by_role(default_role(kind))) return folder;
  return fail(Errc::not_found, "there is no calendar for invitations");
}

// What the calendar has of a UID.
struct Scheduler::Stored {
  std::string id;
  FolderId folder;
  Uid uid;  // 0: nothing
  std::string etag;
  std::optional<Component> calendar;
};

Result<Scheduler::Stored> Scheduler::find_stored(Account& account, const std::string& uid) const {
  Stored out{.id = uid, .folder = {}, .uid = {}, .etag = {}, .calendar = {}};
  TRY(const auto reader, account.read(Caller::system()));
  TRY(const auto found, find_object(*reader, uid));
  if (!found) return out;
  out.folder = found->folder;
  out.uid = found->uid;
  out.etag = found->etag;
  TRY(out.calendar, read_object(*reader, found->item));
  return out;
}

Result<bool> Scheduler::take(const directory::Principal& who, const itip::Message& message, const itip::Incoming& how) {
  const Component* first = first_scheduled(message.calendar);
  if (first == nullptr) return fail(Errc::invalid, "there is nothing in it that can be scheduled");
  TRY(const auto account, services_.accounts.open(who.account()));
  const std::string memory = "itip " + message.from + " " + sha256(icalendar::write(message.calendar));
  std::unique_lock<std::mutex> booking(bookings_, std::defer_lock);
  if (who.kind == directory::PrincipalKind::room || who.kind == directory::PrincipalKind::equipment) booking.lock();
  for (int tries = 0; tries < kMostTries; ++tries) {
    {
      TRY(const auto reader, account->read(Caller::system()));
      TRY(const bool had_it, reader->remembers(memory, services_.clock.now()));
      if (had_it) return false;
    }
    TRY(const Stored stored, find_stored(*account, icalendar::uid(*first)));
    itip::Incoming incoming = how;
    incoming.message = &message.calendar;
    incoming.stored = stored.calendar ? &*stored.calendar : nullptr;
    TRY(itip::Received received, itip::receive(user_of(who), incoming, setting()));
    if (received.fate == itip::Fate::for_person) left_.add();
    TRY(std::optional<NewItem> shown, to_inbox(who, message, received));
    if (received.fate != itip::Fate::stored && received.answers.empty() && !shown) return false;
    std::vector<itip::Message> answers = received.answers;
    if (received.fate == itip::Fate::stored && booking.owns_lock()) {
      TRY_VOID(answer_booking(who, incoming.stored, received, answers));
    }
    TRY(Post post, stage(who, answers));
    const Taking taking{received, message.method, memory, std::move(post), std::move(shown)};
    bool is_stale = false;
    TRY_VOID(store(who, stored, taking, is_stale));
    if (is_stale) continue;
    taken_.add();
    return true;
  }
  return fail(Errc::unavailable, "the calendar changes all the time");
}

Result<std::optional<NewItem>> Scheduler::to_inbox(const directory::Principal& who, const itip::Message& message,
                                                   const itip::Received& received) const {
  const bool is_person = who.kind == directory::PrincipalKind::user || who.kind == directory::PrincipalKind::shared;
  // Proposals, and what becomes of them, are the person's; receive() has seen that it is about what he has.
  const bool is_proposal = received.fate == itip::Fate::for_person && received.is_significant;
  if (!is_person || (received.fate != itip::Fate::stored && !is_proposal)) return std::nullopt;
  const auto stager = services_.accounts.stage(who.tenant, Kind::files);
  TRY_VOID(stager->write(icalendar::write(message.calendar)));
  TRY(const StagedContent content, stager->finish());
  return inbox_item(message, content);
}

Result<void> Scheduler::store(const directory::Principal& who, const Stored& stored, const Taking& taking,
                              bool& is_stale) {
  const itip::Received& received = taking.received;
  TRY(const auto account, services_.accounts.open(who.account()));
  NewItem item;
  const bool stores = received.fate == itip::Fate::stored;
  if (stores) {
    item.kind = kind_of_object(received.object);
    const auto stager = services_.accounts.stage(who.tenant, item.kind);
    TRY_VOID(stager->write(icalendar::write(received.object)));
    TRY(item.content, stager->finish());
    // An answer is no change of what the organiser has planned (RFC 6638 section 3.2.10).
    if (taking.method != itip::Method::reply) item.properties[kScheduleTag] = to_hex(item.content.hash).substr(0, 32);
  }
  TRY_VOID(account->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    is_stale = false;
    TRY(const bool had_it, transaction.remembers(taking.memory, services_.clock.now()));
    if (had_it) return {};
    TRY(const auto found, find_object(transaction, stored.id));
    is_stale = found ? found->folder != stored.folder || found->uid != stored.uid || found->etag != stored.etag
                     : stored.uid != Uid();
    if (is_stale) return {};
    if (stores && found) TRY_VOID(transaction.replace(found->folder, found->uid, item));
    if (stores && !found) {
      TRY(const auto folder, invitation_folder(*transaction.folders(), item.kind));
      TRY_VOID(transaction.add(folder->id, item));
    }
    if (taking.to_inbox) TRY_VOID(add_to_inbox(transaction, *taking.to_inbox, services_.clock.now()));
    TRY_VOID(put(transaction, taking.post));
    return transaction.remember(taking.memory, services_.clock.now() + kRemembered);
  }));
  return {};
}

// Whether a message may be looked at though nobody proves whose it is: it is about what is in the calendar already,
// from its organiser, or from somebody who was invited to it. Of answers receive() asks the same. Whoever is of this
// server has proven who he is where he comes by mail.
bool Scheduler::is_known(const directory::Principal& who, itip::Method method, const Component& calendar) const {
  if (!itip::is_from_organizer(method)) return true;
  const Component* first = first_scheduled(calendar);
  const auto account = services_.accounts.open(who.account());
  if (first == nullptr || !account) return false;
  const auto stored = find_stored(**account, icalendar::uid(*first));
  return stored && stored->calendar && itip::organizer_of(*stored->calendar) == itip::organizer_of(calendar);
}

void Scheduler::take_mail(Account& account, const StagedContent& mail, bool is_author_proven) {
  const auto work = [&]() -> Result<void> {
    if (!mail.mail) return {};
    const auto* summary = mime::fb::GetSummary(mail.mail->summary.data());
    if (summary->top() == nullptr || !may_have_calendar(*summary->top())) return {};
    const auto content = services_.accounts.content(mail);
    if (content->size() > kLargestWithCalendar) return {};
    TRY(const std::string bytes, content->read(0, static_cast<std::size_t>(content->size())));
    const auto found = itip::find_in_mail(bytes);
    if (!found || found->author.empty()) return {};
    TRY(const directory::Principal who, services_.directory.by_account(account.id()));
    const auto method = itip::method_of(found->calendar);
    const itip::Message message{*method, found->author, who.addresses, found->calendar};
    if (!is_author_proven && (is_ours(found->author) || !is_known(who, *method, found->calendar))) {
      left_.add();
      log::info("scheduling.not_trusted", {{"from", found->author}, {"to", who.primary_address()}});
      return {};
    }
    TRY(const bool is_new, take(who, message, {.message = &message.calendar, .from = found->author}));
    if (is_new) send_out(account.id());
    return {};
  };
  if (const auto done = work(); !done)
    log::info("scheduling.mail_left", {{"account", account.id().value}, {"why", done.error().text}});
}

}  // namespace kontor::groupware
