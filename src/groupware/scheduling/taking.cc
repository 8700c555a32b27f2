// SPDX-License-Identifier: AGPL-3.0-or-later
// What a message makes of a calendar, stored.
#include <algorithm>
#include <mutex>
#include <optional>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "formats/itip/attachments.h"
#include "groupware/scheduling/inbox.h"
#include "groupware/scheduling/lookup.h"
#include "groupware/scheduling/scheduler.h"

namespace kontor::groupware {
namespace {

constexpr std::chrono::days kRemembered{365};
constexpr int kMostTries = 10;
constexpr std::size_t kLongerIds = 200;  // bytes: an id stands in a parameter and in the address

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

// What was not put by a client (an import, what a migration brought) has no tag yet: its ETag stands for it, and stays.
Result<void> replace_object(Transaction& transaction, const FoundObject& found, NewItem item) {
  TRY(const Item present, transaction.item(found.item));
  if (!item.properties.contains(kScheduleTag) && !present.properties.contains(kScheduleTag))
    item.properties[kScheduleTag] = schedule_tag_of(found.etag);
  TRY_VOID(transaction.replace(found.folder, found.uid, item));
  return {};
}

}  // namespace

std::string schedule_tag_of(std::string_view etag) {
  std::string out;
  for (const char c : etag)
    if (c != '"') out += c;
  return out;
}

Result<FolderTable::Pointer> invitation_folder(const FolderTable& folders, Kind kind) {
  for (const FolderTable::Pointer& folder : folders.all())
    if (kind == Kind::calendar && folder->kind == kind && folder->properties.contains(kTakesInvitations) &&
        !folder->properties.contains(kIsFeed))
      return folder;
  if (auto folder = folders.by_role(default_role(kind))) return folder;
  return fail(Errc::not_found, "there is no calendar for invitations");
}

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

Result<std::vector<NewAttachment>> Scheduler::carry(const directory::Principal& who, Account& account,
                                                    const Stored& stored, Component& object, AccountId sender) const {
  const auto ids = itip::managed_ids(object);
  if (std::ranges::all_of(ids, [&](const auto& id) { return account_of_attachment(id) == account.id(); })) return {};
  TRY(const auto own, account.read(Caller::system()));
  std::unique_ptr<Reader> theirs;
  if (sender) {
    TRY(const auto source, services_.accounts.open(sender));
    TRY(theirs, source->read(Caller::system()));
  }
  Carriage carriage{
      .accounts = services_.accounts, .to = account.id(), .tenant = who.tenant, .reader_of = [&](AccountId id) {
        return id == sender ? theirs.get() : nullptr;
      }};
  if (stored.calendar) carriage.copies = copied_attachments(*own, *stored.calendar);
  const Usage usage = own->usage();
  // The object comes first, with the longer ids that it may get: nobody misses a meeting for want of room for files.
  const std::uint64_t taken = usage.bytes + icalendar::write(object).size() + kLongerIds * ids.size();
  if (usage.limit != 0) carriage.most_bytes = usage.limit - std::min(taken, usage.limit);
  if (usage.item_limit != 0 && usage.items + ids.size() >= usage.item_limit) carriage.most_bytes = 0;
  // Nobody reads the calendars of rooms for what is attached there.
  const bool is_person = who.kind == directory::PrincipalKind::user || who.kind == directory::PrincipalKind::shared;
  if (!is_person) carriage.most_bytes = 0;
  TRY(Carried carried, carry_attachments(object, carriage));
  return std::move(carried.attachments);
}

Result<bool> Scheduler::take(const directory::Principal& who, const itip::Message& message, const itip::Incoming& how,
                             std::optional<ItemId> noted, AccountId sender) {
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
    std::vector<NewAttachment> attachments;
    if (received.fate == itip::Fate::stored) {
      TRY(attachments, carry(who, *account, stored, received.object, sender));
    }
    const bool is_answer = message.method == itip::Method::reply && received.fate == itip::Fate::stored;
    const Taking taking{received,
                        message.method,
                        memory,
                        std::move(post),
                        std::move(shown),
                        noted,
                        is_answer && received.is_significant && has_others_here(who, message, received.object),
                        std::move(attachments)};
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
  // Only who comes has changed, or nothing that matters.
  const bool is_silent = message.method == itip::Method::request && !received.is_significant;
  if (!is_person || is_silent || (received.fate != itip::Fate::stored && !is_proposal)) return std::nullopt;
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
    // An answer is no change of what the organiser has planned, nor are those of others (RFC 6638 section 3.2.10).
    if (taking.method != itip::Method::reply && received.is_significant)
      item.properties[kScheduleTag] = to_hex(item.content.hash).substr(0, 32);
  }
  std::optional<Instant> due;
  const auto done = account->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    is_stale = false;
    due.reset();
    if (taking.noted) TRY_VOID(forget_mail(transaction, *taking.noted));
    TRY(const bool had_it, transaction.remembers(taking.memory, services_.clock.now()));
    if (had_it) return {};
    TRY(const auto found, find_object(transaction, stored.id));
    is_stale = found ? found->folder != stored.folder || found->uid != stored.uid || found->etag != stored.etag
                     : stored.uid != Uid();
    if (is_stale) return fail(Errc::conflict, "the calendar has changed meanwhile");
    if (stores && found) TRY_VOID(replace_object(transaction, *found, item));
    if (taking.tells_others && found) {
      TRY(due, note_answer(transaction, found->item, services_.clock.now()));
    }
    if (stores && !found) {
      TRY(const auto folder, invitation_folder(*transaction.folders(), item.kind));
      TRY_VOID(transaction.add(folder->id, item));
    }
    for (const NewAttachment& attachment : taking.attachments) TRY_VOID(transaction.attach(attachment));
    if (taking.to_inbox) TRY_VOID(add_to_inbox(transaction, *taking.to_inbox, services_.clock.now()));
    TRY_VOID(put(transaction, taking.post));
    return transaction.remember(taking.memory, services_.clock.now() + kRemembered);
  });
  if (!done && !is_stale) return std::unexpected(done.error());
  if (done && due) note_due(who.account(), *due);
  return {};
}

}  // namespace kontor::groupware
