// SPDX-License-Identifier: AGPL-3.0-or-later
// Meetings between the accounts of this server and with the world: what a user's change sends, and what messages make
// of calendars. formats/itip says what; this stores and brings it.
//
// Invariants:
//  1. what a change sends is in the account's outbox in the same commit as the change, and leaves it when it was taken
//     by whom it is for, or by the queue: a crash loses none of it;
//  2. a calendar takes a message once: it is remembered in the commit that takes it. So does the queue, which keeps
//     its name until the outbox has let it go;
//  3. what a person is to see of that is in the account's inbox in the same commit (inbox.h);
//  4. mail that brings a message is filed whatever becomes of it, and noted until it was looked at (noted_mail.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "directory/directory.h"
#include "formats/icalendar/busy.h"
#include "formats/itip/groups.h"
#include "formats/itip/plan.h"
#include "formats/itip/receive.h"
#include "groupware/accounts.h"
#include "groupware/rules/outbox.h"
#include "groupware/scheduling/booking.h"
#include "groupware/scheduling/noted_answers.h"
#include "groupware/scheduling/noted_mail.h"

namespace kontor::groupware {

using itip::Component;

// How many people one change may tell; a group is one.
constexpr std::size_t kMostTold = 2'000;
// Of an item: RFC 6638 section 3.2.10, without quotes. Another one whenever anything but answers changed.
constexpr const char* kScheduleTag = "schedule-tag";
// The one of an item that has none of its own.
std::string schedule_tag_of(std::string_view etag);
// Of a folder, "yes": new invitations go there (RFC 6638 section 9.2). Without one, to the default folder of their
// kind.
constexpr const char* kTakesInvitations = "schedule-default";

// Where new invitations go. Errors: not_found.
Result<FolderTable::Pointer> invitation_folder(const FolderTable& folders, Kind kind);

// Thread-safe. Blocks: call it from a worker.
class Scheduler {
 public:
  struct Services {
    Accounts& accounts;
    directory::Directory& directory;
    const Clock& clock;
    Outbox* outbox = nullptr;  // to the outside; null: nobody there is told
  };
  explicit Scheduler(Services services);

  // All addresses that are the principal's, and the groups that it is in.
  itip::User user_of(const directory::Principal& who) const;

  // What follows from a change of an object in a calendar of `owner`. With SCHEDULE-STATUS of those who are told
  // (RFC 6638 section 7.3). Errors: as itip::plan_change().
  Result<itip::Plan> plan(const directory::Principal& owner, const itip::Change& change) const;

  // Messages that were made ready to be kept within a commit.
  using Post = std::vector<NewItem>;
  Result<Post> stage(const directory::Principal& owner, const std::vector<itip::Message>& messages) const;
  // In the owner's account, in the commit of the change that sends them, whoever makes it.
  Result<void> put(Transaction& transaction, const Post& post) const;

  // Says what the meetings in removed folders say when they go (Transaction::remove_folder), as their items one by one
  // would; then brings what the account's outbox holds, and what follows from it. What cannot be brought now, or not
  // within some seconds, stays for the next time. Never fails: what goes wrong is in the log.
  void send_out(AccountId account);
  // The same for all accounts that have something, and whatever else a crash has left: after a start, and now and then.
  void send_out_all();
  // The same for those that could not do everything, or shall tell others who comes: for a timer.
  void try_again();

  // A message that came by mail, which is filed and noted. Never fails: what cannot be used is the person's to read,
  // what cannot be taken now stays noted.
  void take_mail(Account& account, const NotedMail& mail);

  // When whoever has the address is busy, as far as `asker` may know: of calendars that grant it free/busy. Errors:
  // not_found (nobody here), denied.
  Result<std::vector<icalendar::Busy>> busy(const directory::Principal& asker, const Caller& caller,
                                            const std::string& address, icalendar::Window window) const;

  const icalendar::ZoneDatabase& zones() const { return zones_; }

 private:
  // What a calendar has of a UID.
  struct Stored {
    std::string id;
    FolderId folder;
    Uid uid;  // 0: nothing
    std::string etag;
    std::optional<Component> calendar;
  };
  itip::Setting setting() const { return {zones_, services_.clock.now()}; }
  bool is_ours(const std::string& address) const;
  std::optional<std::vector<itip::Member>> members_of(TenantId tenant, const std::string& address) const;
  // Whose accounts an address leads to, within the tenant; nobody: it is outside, or of nobody.
  std::vector<directory::Principal> here(TenantId tenant, const std::string& address) const;
  bool begin(AccountId id);
  bool end(AccountId id);
  void wait(AccountId id);  // for try_again()
  using Until = std::chrono::steady_clock::time_point;
  void send_out(AccountId first, Until until);
  Result<void> say_all_left(const directory::Principal& owner, Until until);
  Result<void> say_left(const directory::Principal& owner, UnsaidFolder folder, Until until);
  // What the item says when it goes. Of what is no meeting nothing.
  Result<Post> farewell(const directory::Principal& owner, const Reader& reader, ItemId item, bool replies) const;
  // Adds to `more` whose outbox has something now.
  Result<void> bring_all(const directory::Principal& owner, Until until, std::vector<AccountId>& more);
  // `once`: the name of this very message, by which the queue takes it once; cleared if it did not go there.
  Result<std::vector<AccountId>> bring(const directory::Principal& sender, const itip::Message& message,
                                       const std::string& to, std::string& once);
  Result<void> send_mail(const directory::Principal& sender, const itip::Message& message, const std::string& to,
                         const std::string& once);
  // Whether it changed something. `noted`: the mail that it came with, which is then forgotten in the same commit.
  // `sender`: of this tenant, whose attachments come along; none: from outside. Errors: as itip::receive().
  Result<bool> take(const directory::Principal& who, const itip::Message& message, const itip::Incoming& how,
                    std::optional<ItemId> noted = std::nullopt, AccountId sender = {});
  Result<bool> take_noted(Account& account, const NotedMail& mail);
  void take_all_noted(AccountId account);
  bool is_person_here(const directory::Principal& organizer, const std::string& address) const;
  bool has_others_here(const directory::Principal& organizer, const itip::Message& reply,
                       const Component& object) const;
  Result<void> tell_answers(const directory::Principal& organizer, Account& account, const NotedAnswers& answers);
  void tell_all_answers(AccountId account);
  void note_due(AccountId account, Instant at);
  // Makes the object refer to copies of the sender's attachments, as far as there is room for them.
  Result<std::vector<NewAttachment>> carry(const directory::Principal& who, Account& account, const Stored& stored,
                                           Component& object, AccountId sender) const;
  Result<Stored> find_stored(Account& account, const std::string& uid) const;
  // What the person's inbox gets of a message; nothing: it is not to be shown.
  Result<std::optional<NewItem>> to_inbox(const directory::Principal& who, const itip::Message& message,
                                          const itip::Received& received) const;
  struct Taking {
    const itip::Received& received;
    itip::Method method;
    std::string memory;
    Post post;
    std::optional<NewItem> to_inbox;
    std::optional<ItemId> noted;
    bool tells_others = false;  // of this answer
    std::vector<NewAttachment> attachments;
  };
  Result<void> store(const directory::Principal& who, const Stored& stored, const Taking& taking, bool& is_stale);
  bool is_known(const directory::Principal& who, itip::Method method, const Component& calendar) const;
  // What a room or a piece of equipment says: changes what is to be stored, and adds its answer. `before`: what it has;
  // null: nothing.
  Result<void> answer_booking(const directory::Principal& who, const Component* before, itip::Received& received,
                              std::vector<itip::Message>& answers) const;
  Result<std::vector<TakenSpan>> taken_spans(const directory::Principal& who, const std::string& but_uid, Instant from,
                                             Instant to) const;
  void tell_approvers(const directory::Principal& who, const Component& object) const;

  const Services services_;
  const icalendar::ZoneDatabase zones_;
  std::mutex mutex_;
  std::mutex bookings_;  // who asks for a resource waits for who asked before
  std::set<AccountId> waiting_;
  std::map<AccountId, Instant> due_;  // where answers are to be told then
  std::map<AccountId, bool> busy_;    // whose outbox is being emptied; true: and has to be looked at again
  const metrics::Counter sent_, taken_, left_;
};

}  // namespace kontor::groupware
