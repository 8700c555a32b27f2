// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/scheduling/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "directory/address.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "formats/itip/attachments.h"
#include "formats/itip/mail.h"
#include "groupware/scheduling/lookup.h"
#include "groupware/scheduling/post.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kMostAtOnce = 5'000;  // messages of one run
constexpr std::size_t kMostMembers = 200;   // of a group whose members are invited one by one
// How long whoever changed something waits for what follows, and how long a timer's turn is: a meeting of thousands
// takes several, and a stop waits for one of them.
constexpr std::chrono::seconds kWhileAsked{2}, kWhileAlone{10};
constexpr std::uint64_t kMostAttached = 5ULL << 20;  // bytes of attachments in one mail

// RFC 5546 section 3.6, as RFC 6638 section 7.3 has them.
constexpr std::string_view kSentStatus = "1.1", kDeliveredStatus = "1.2", kNobodyStatus = "3.7";

// The world cannot read attachments here: small ones go along, the others are links.
Result<void> bring_attachments(Accounts& accounts, const directory::Principal& sender, Component& calendar) {
  if (itip::managed_ids(calendar).empty()) return {};
  TRY(const auto account, accounts.open(sender.account()));
  TRY(const auto reader, account->read(Caller::system()));
  std::uint64_t left = kMostAttached;
  itip::inline_attachments(calendar, [&](const std::string& id) -> std::optional<itip::InlineAttachment> {
    const auto found = reader->attachment(id);
    if (!found || found->size > left) return std::nullopt;
    const auto content = reader->attachment_content(id);
    auto bytes =
        content ? (*content)->read(0, static_cast<std::size_t>(found->size)) : std::unexpected(content.error());
    if (!bytes) return std::nullopt;
    left -= found->size;
    const std::string& type = found->content_type;
    return itip::InlineAttachment{*std::move(bytes), found->name, type.substr(0, type.find(';'))};
  });
  return {};
}

bool is_addressable(const std::string& address) { return address.contains('@') && !address.contains(':'); }

}  // namespace

Scheduler::Scheduler(Services services)
    : services_(services),
      sent_("kontor_scheduling_messages_total", "Scheduling messages, by what became of them", {{"result", "sent"}}),
      taken_("kontor_scheduling_messages_total", "Scheduling messages, by what became of them", {{"result", "taken"}}),
      left_("kontor_scheduling_messages_total", "Scheduling messages, by what became of them", {{"result", "left"}}) {}

itip::User Scheduler::user_of(const directory::Principal& who) const {
  itip::User user{.addresses = who.addresses, .groups = {}};
  for (const PrincipalId id : services_.directory.groups_of(who.id))
    if (const auto group = services_.directory.principal(id))
      user.groups.insert(user.groups.end(), group->addresses.begin(), group->addresses.end());
  return user;
}

bool Scheduler::is_ours(const std::string& address) const {
  const auto at = address.rfind('@');
  return at != std::string::npos && services_.directory.domain(address.substr(at + 1)).has_value();
}

std::vector<directory::Principal> Scheduler::here(TenantId tenant, const std::string& address) const {
  std::vector<directory::Principal> out;
  const auto found = services_.directory.resolve(address);
  if (!found) return out;
  for (const PrincipalId id : services_.directory.expand(found->principal)) {
    auto one = services_.directory.principal(id);
    // Other tenants are the world: what comes to them comes by mail, and is judged as such.
    if (one && one->tenant == tenant && one->kind != directory::PrincipalKind::group) out.push_back(*std::move(one));
  }
  return out;
}

// Groups of the tenant that are not too large: what each of many members is told holds all of them.
std::optional<std::vector<itip::Member>> Scheduler::members_of(TenantId tenant, const std::string& address) const {
  const auto found = services_.directory.resolve(address);
  const auto group =
      found ? services_.directory.principal(found->principal) : std::unexpected(Error(Errc::not_found, ""));
  if (!group || group->kind != directory::PrincipalKind::group || group->tenant != tenant) return std::nullopt;
  std::vector<itip::Member> out;
  for (const directory::Principal& one : here(tenant, address)) {
    itip::Member member{.name = one.name, .address = one.primary_address()};
    if (one.kind == directory::PrincipalKind::room) member.type = "ROOM";
    if (one.kind == directory::PrincipalKind::equipment) member.type = "RESOURCE";
    out.push_back(std::move(member));
  }
  return out.size() > kMostMembers ? std::nullopt : std::optional(std::move(out));
}

Result<itip::Plan> Scheduler::plan(const directory::Principal& owner, const itip::Change& change) const {
  const itip::User user = user_of(owner);
  itip::Change whole = change;
  std::optional<Component> after;
  bool has_new_members = false;
  if (change.after != nullptr && user.is(itip::organizer_of(*change.after))) {
    after = *change.after;
    const auto members = [&](const std::string& address) { return members_of(owner.tenant, address); };
    has_new_members = itip::invite_members(change.before, user, members, zones_, *after);
    whole.after = &*after;
  }
  TRY(itip::Plan plan, itip::plan_change(user, whole, setting()));
  plan.is_altered |= has_new_members;
  if (change.after == nullptr || plan.messages.empty()) return plan;
  std::set<std::string> told;
  for (const itip::Message& message : plan.messages) told.insert(message.to.begin(), message.to.end());
  for (Component& part : plan.object.components) {
    if (!itip::is_scheduled(part)) continue;
    for (itip::Property& person : part.properties) {
      const bool is_one = plan.role == itip::Role::organizer ? person.is("ATTENDEE") : person.is("ORGANIZER");
      const std::string address = is_one ? icalendar::address_of(person.value) : std::string();
      if (!is_one || !told.contains(address)) continue;
      const bool is_here = !here(owner.tenant, address).empty();
      const bool is_nobody = !is_here && (!is_addressable(address) || is_ours(address));
      const std::string_view status = is_here ? kDeliveredStatus : is_nobody ? kNobodyStatus : kSentStatus;
      if (person.parameter("SCHEDULE-STATUS") == status) continue;
      person.set("SCHEDULE-STATUS", status);
      plan.is_altered = true;
    }
  }
  return plan;
}

Result<Scheduler::Post> Scheduler::stage(const directory::Principal& owner,
                                         const std::vector<itip::Message>& messages) const {
  Post out;
  for (const itip::Message& message : messages) {
    const auto stager = services_.accounts.stage(owner.tenant, Kind::files);
    TRY_VOID(stager->write(icalendar::write(message.calendar)));
    TRY(const StagedContent content, stager->finish());
    for (const std::string& to : message.to) out.push_back(post_item(message, to, content));
  }
  return out;
}

Result<void> Scheduler::put(Transaction& transaction, const Post& post) const {
  if (post.empty()) return {};
  return transaction.with_all_rights([&](Transaction& step) -> Result<void> {
    TRY(const FolderId outbox, make_outbox(step));
    for (const NewItem& item : post) TRY_VOID(step.add(outbox, item, {.ignore_quota = true}));
    return {};
  });
}

Result<void> Scheduler::bring_all(const directory::Principal& owner, Until until, std::vector<AccountId>& more) {
  TRY(const auto account, services_.accounts.open(owner.account()));
  TRY(auto reader, account->read(Caller::system()));
  const auto outbox = outbox_of(*reader->folders());
  if (!outbox) return {};
  std::vector<Entry> waiting;
  // In the order in which they were put: a cancellation may be followed by an invitation.
  TRY_VOID(reader->entries(outbox->id, [&](const Entry& entry) {
    waiting.push_back(entry);
    return true;
  }));
  std::ranges::sort(waiting, {}, &Entry::uid);
  // To whom something could not be brought nothing later is: a cancellation must not overtake its invitation.
  std::set<std::string> unsettled;
  for (const Entry& entry : waiting) {
    if (std::chrono::steady_clock::now() > until) {
      wait(owner.account());
      return {};
    }
    TRY(const Item item, reader->item(entry.item));
    TRY(const auto content, reader->content(entry.item));
    TRY(const std::string bytes, content->read(0, static_cast<std::size_t>(content->size())));
    const auto message = read_post(item, bytes);
    std::string once = fmt::format("itip {} {}", owner.account().value, entry.item.value);
    if (message && !unsettled.insert(message->to.front()).second) continue;
    if (!message) {
      log::error("scheduling.bad_post", {{"account", owner.account().value}, {"why", message.error().text}});
    } else {
      auto brought = bring(owner, *message, message->to.front(), once);
      if (!brought && is_passing(brought.error())) {
        wait(owner.account());
        continue;
      }
      if (!brought)
        log::warn("scheduling.not_brought",
                  {{"from", message->from}, {"to", message->to.front()}, {"why", brought.error().text}});
      else
        more.insert(more.end(), brought->begin(), brought->end());
    }
    const auto gone = account->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      TRY_VOID(transaction.remove(outbox->id, entry.uid));
      // What is sent is not to be brought back; a hold keeps it.
      if (auto purged = transaction.purge_removed_item(entry.item); !purged && purged.error().code == Errc::unavailable)
        return purged;
      return {};
    });
    if (!gone && gone.error().code != Errc::not_found) return std::unexpected(gone.error());
    if (message) unsettled.erase(message->to.front());
    if (services_.outbox != nullptr && !once.empty()) services_.outbox->forget(once);
  }
  return {};
}

// One thread empties an account's outbox; what comes meanwhile is its work too.
bool Scheduler::begin(AccountId id) {
  const std::lock_guard lock(mutex_);
  const auto [at, is_first] = busy_.emplace(id, false);
  if (!is_first) at->second = true;
  return is_first;
}

bool Scheduler::end(AccountId id) {
  const std::lock_guard lock(mutex_);
  const auto at = busy_.find(id);
  if (std::exchange(at->second, false)) return false;
  busy_.erase(at);
  return true;
}

void Scheduler::send_out(AccountId first) { send_out(first, std::chrono::steady_clock::now() + kWhileAsked); }

void Scheduler::send_out(AccountId first, Until until) {
  std::deque<AccountId> work{first};
  for (std::size_t rounds = 0; !work.empty() && rounds < kMostAtOnce; ++rounds) {
    const AccountId id = work.front();
    work.pop_front();
    if (!begin(id)) continue;
    std::vector<AccountId> more;
    const auto owner = services_.directory.by_account(id);
    do {
      auto next = owner ? say_all_left(*owner, until) : Result<void>();
      if (next && owner) next = bring_all(*owner, until, more);
      if (next) continue;
      log::warn("scheduling.outbox", {{"account", id.value}, {"why", next.error().text}});
      if (next.error().code == Errc::unavailable || next.error().code == Errc::conflict) wait(id);
    } while (!end(id));
    for (const AccountId next : more)
      if (std::ranges::find(work, next) == work.end()) work.push_back(next);
  }
  for (const AccountId id : work) wait(id);
}

void Scheduler::wait(AccountId id) {
  const std::lock_guard lock(mutex_);
  waiting_.insert(id);
}

void Scheduler::send_out_all() {
  for (const directory::Principal& one : services_.directory.principals(TenantId())) {
    if (!one.account()) continue;
    const auto account = services_.accounts.open(one.account());
    if (!account) continue;
    take_all_noted(one.account());
    tell_all_answers(one.account());
    const auto outbox = outbox_of(*(*account)->folders());
    const auto unsaid = services_.accounts.unsaid_folders(one.account());
    if ((outbox && outbox->total != 0) || (unsaid && !unsaid->empty())) send_out(one.account());
  }
}

void Scheduler::try_again() {
  std::set<AccountId> accounts;
  std::vector<AccountId> due;
  {
    const std::lock_guard lock(mutex_);
    accounts.swap(waiting_);
    for (const auto& [account, at] : due_)
      if (at <= services_.clock.now()) due.push_back(account);
    for (const AccountId account : due) due_.erase(account);
  }
  for (const AccountId account : accounts) {
    take_all_noted(account);
    send_out(account, std::chrono::steady_clock::now() + kWhileAlone);
  }
  for (const AccountId account : due) tell_all_answers(account);
}

// To one address: the accounts that have something to send now.
Result<std::vector<AccountId>> Scheduler::bring(const directory::Principal& sender, const itip::Message& message,
                                                const std::string& to, std::string& once) {
  std::vector<AccountId> out;
  const std::string name = std::exchange(once, {});
  const std::vector<directory::Principal> people = here(sender.tenant, to);
  for (const directory::Principal& one : people) {
    if (one.id == sender.id) continue;
    itip::Incoming how{
        .message = &message.calendar, .from = message.from, .takes_uninvited = true, .takes_on_behalf = true};
    const auto taken = take(one, message, how, std::nullopt, sender.account());
    if (!taken && is_passing(taken.error())) return std::unexpected(taken.error());
    if (!taken) log::info("scheduling.refused", {{"from", message.from}, {"to", to}, {"why", taken.error().text}});
    out.push_back(one.account());
  }
  if (!people.empty()) return out;
  if (!is_addressable(to) || is_ours(to)) {
    const auto found = services_.directory.resolve(to);
    const auto other = found ? services_.directory.principal(found->principal)
                             : Result<directory::Principal>(fail(Errc::not_found, ""));
    // Of another tenant, or suspended: mail knows what to do.
    if (!other) return fail(Errc::not_found, "there is nobody of that address");
  }
  TRY_VOID(send_mail(sender, message, to, name));
  once = name;
  return out;
}

Result<void> Scheduler::send_mail(const directory::Principal& sender, const itip::Message& message,
                                  const std::string& to, const std::string& once) {
  if (services_.outbox == nullptr) return fail(Errc::invalid, "nothing leaves this server");
  itip::MailFacts facts{
      .from_name = sender.name, .from = sender.primary_address(), .to = to, .now = services_.clock.now()};
  // The address under which he meets, if it is his.
  if (std::ranges::find(sender.addresses, message.from) != sender.addresses.end()) facts.from = message.from;
  facts.message_id = fmt::format("<{}@{}>", to_hex(random_bytes(16)), facts.from.substr(facts.from.rfind('@') + 1));
  const auto stager = services_.accounts.stage(sender.tenant);
  itip::Message outside = message;
  TRY_VOID(bring_attachments(services_.accounts, sender, outside.calendar));
  TRY_VOID(stager->write(itip::make_mail(outside, facts)));
  OutgoingMail mail;
  mail.principal = sender.id;
  mail.sender = facts.from;
  mail.recipients = {to};
  mail.kind = OutgoingKind::invitation;
  mail.once = once;
  TRY(mail.content, stager->finish());
  TRY_VOID(services_.outbox->send(mail));
  sent_.add();
  return {};
}

}  // namespace kontor::groupware
