// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/delivery.h"

#include <fmt/core.h>

#include <optional>

#include "base/log.h"
#include "directory/directory.h"
#include "groupware/delivery_notes.h"
#include "groupware/rules/filing.h"
#include "groupware/rules/sender_lists.h"
#include "groupware/scheduling/scheduler.h"

namespace kontor::groupware {
namespace {

// One of a group on the way of a message.
struct Member {
  PrincipalId who;
  std::string address;
  std::shared_ptr<Account> account;
  std::optional<Error> fault;  // why it does not get it
  bool had_it = false;         // from an earlier attempt
  std::optional<Filed> filed;  // by this one
};

Member look_at(Accounts& accounts, const directory::Directory& directory, PrincipalId who, std::uint64_t size,
               const std::string& note) {
  Member member;
  member.who = who;
  auto account = accounts.open(AccountId(who.value));
  if (!account) {
    member.fault = account.error();
    return member;
  }
  member.account = *std::move(account);
  if (const auto principal = directory.principal(who)) member.address = principal->primary_address();
  const auto reader = member.account->read(Caller::system());
  if (!reader) {
    member.fault = reader.error();
    return member;
  }
  const Result<bool> had_it = has_delivery_note(**reader, note);
  const Usage usage = (*reader)->usage();
  if (!had_it)
    member.fault = had_it.error();
  else if (*had_it)
    member.had_it = true;
  else if ((usage.limit != 0 && usage.bytes + size > usage.limit) ||
           (usage.item_limit != 0 && usage.items >= usage.item_limit))
    member.fault = Error(Errc::over_quota, "the mailbox is full");
  return member;
}

}  // namespace

Delivery::Delivery(Accounts& accounts, directory::Directory& directory, const Clock& clock, QuotaPolicy over_quota,
                   const Filter* filter)
    : accounts_(accounts),
      directory_(directory),
      clock_(clock),
      over_quota_(over_quota),
      filter_(filter),
      deferred_("kontor_group_members_total", "Members of groups that did not get a message, by why",
                {{"result", "deferred"}}),
      left_out_("kontor_group_members_total", "Members of groups that did not get a message, by why",
                {{"result", "left_out"}}) {}

Result<Delivery::Accepted> Delivery::accepts(std::string_view address, std::uint64_t size,
                                             const OpenAccount& open) const {
  TRY(directory::Recipient recipient, directory_.resolve(address));
  TRY(directory::Principal principal, directory_.principal(recipient.principal));
  if (principal.kind == directory::PrincipalKind::group) {
    if (directory_.expand(recipient.principal).empty())
      return fail(Errc::unavailable, "the list has no member who could take mail now");
    return Accepted{principal.tenant, true};
  }
  const std::uint64_t limit = directory_.quota_bytes(principal.id);
  const std::uint64_t most_items = directory_.quota_messages(principal.id);
  if (limit == 0 && most_items == 0) return Accepted{principal.tenant, false};
  TRY(std::shared_ptr<Account> account, open(principal.account()));
  TRY(std::unique_ptr<Reader> reader, account->read(Caller::system()));
  const Usage used = reader->usage();
  const bool has_no_room = limit != 0 && (used.bytes >= limit || used.bytes + size > limit);
  if (has_no_room || (most_items != 0 && used.items >= most_items))
    return fail(Errc::over_quota, "the mailbox is full");
  return Accepted{principal.tenant, false};
}

Result<Delivery::Accepted> Delivery::accepts(std::string_view address, std::uint64_t size) const {
  return accepts(address, size, [this](AccountId id) { return accounts_.open(id); });
}

std::optional<Result<Delivery::Accepted>> Delivery::accepts_at_once(std::string_view address,
                                                                    std::uint64_t size) const {
  bool would_block = false;
  auto accepted = accepts(address, size, [&](AccountId id) -> Result<std::shared_ptr<Account>> {
    if (auto account = accounts_.find_open(id)) return account;
    would_block = true;
    return fail(Errc::unavailable, "the account is not open yet");
  });
  if (would_block) return std::nullopt;
  return accepted;
}

// What it says to the account's calendar is looked at once it is filed: mail never waits for it.
Result<Filed> Delivery::file(Account& account, const Incoming& incoming) const {
  TRY(Filed filed, file_judged(account, incoming));
  if (filed.is_noted) filter_->scheduler()->take_mail(account, {*filed.item, incoming.is_author_proven, clock_.now()});
  return filed;
}

// By the lists of senders, the plug-ins, then the rules.
Result<Filed> Delivery::file_judged(Account& account, const Incoming& incoming) const {
  const SenderMark mark = mark_sender(directory_, account, incoming);
  if (mark == SenderMark::refused && incoming.may_refuse)
    return Filed{std::nullopt, "Mail from this sender is not taken here"};
  DeliveryHook* hook = filter_ ? filter_->hook() : nullptr;
  if (!hook && mark == SenderMark::none) return file_by_rules(account, incoming);
  Incoming judged = incoming;
  if (mark != SenderMark::none) judged.is_junk = mark != SenderMark::allowed;
  return hook ? file_by_hook(*hook, account, judged) : file_by_rules(account, judged);
}

Result<Filed> Delivery::file_by_hook(DeliveryHook& hook, Account& account, const Incoming& incoming) const {
  TRY(const directory::Principal who, directory_.by_account(account.id()));
  TRY(const HookAnswer answer, hook.ask(who, incoming));
  if (!answer.refusal.empty() && incoming.may_refuse) return Filed{std::nullopt, answer.refusal};
  Incoming changed{answer.content ? *answer.content : incoming.content, incoming.sender, incoming.recipient,
                   incoming.detail, incoming.note};
  changed.is_junk = incoming.is_junk || answer.is_junk || !answer.refusal.empty();
  changed.may_refuse = incoming.may_refuse;
  changed.reports = incoming.reports;
  changed.is_author_proven = incoming.is_author_proven;
  changed.has_scheduler = incoming.has_scheduler;
  if (answer.folder.empty() && !answer.is_discarded) return file_by_rules(account, changed);
  sieve::Outcome outcome;
  if (!answer.is_discarded) {
    sieve::FileInto place;
    place.mailbox = answer.folder;
    place.create = true;
    outcome.actions.emplace_back(std::move(place));
  }
  Filed filed;
  TRY_VOID(account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    TRY(const FiledCopies copies,
        file_copies(transaction, account.id(), outcome, changed.content, {}, changed.detail, changed.is_junk));
    filed.item = copies.item;
    return note_filed(transaction, changed, filed, clock_.now());
  }));
  return filed;
}

// As its script says, where it has one.
Result<Filed> Delivery::file_by_rules(Account& account, const Incoming& incoming) const {
  if (filter_ && !account.active_script().name.empty()) return filter_->deliver(account, incoming);
  NewItem item;
  item.content = incoming.content;
  Filed filed;
  TRY_VOID(account.update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    TRY(const Added added,
        transaction.add(delivery_folder(*transaction.folders(), incoming.detail, incoming.is_junk), item));
    filed.item = added.item;
    return note_filed(transaction, incoming, filed, clock_.now());
  }));
  return filed;
}

Result<Delivered> Delivery::deliver(std::string_view address, const StagedContent& content,
                                    const Arrival& arrival) const {
  TRY(directory::Recipient recipient, directory_.resolve(address));
  TRY(directory::Principal principal, directory_.principal(recipient.principal));
  Incoming incoming{content, arrival.sender, std::string(address), recipient.detail, {}};
  incoming.is_junk = arrival.is_junk;
  incoming.may_refuse = arrival.may_refuse;
  incoming.reports = arrival.reports;
  incoming.is_author_proven = arrival.is_author_proven;
  incoming.has_scheduler = filter_ && filter_->scheduler();
  if (principal.kind != directory::PrincipalKind::group) {
    TRY(const std::shared_ptr<Account> account, accounts_.open(principal.account()));
    TRY(const Filed filed, file(*account, incoming));
    return Delivered{filed.refusal};
  }
  const std::vector<PrincipalId> members = directory_.expand(principal.id);
  if (members.empty()) return fail(Errc::unavailable, "the list has no member who could take mail now");
  incoming.note = delivery_note(arrival.fingerprint.empty() ? content.hash : arrival.fingerprint, principal.id);
  incoming.may_refuse = false;
  TRY_VOID(deliver_to_group(address, members, incoming));
  return Delivered();
}

Result<void> Delivery::deliver_to_group(std::string_view address, const std::vector<PrincipalId>& members,
                                        const Incoming& incoming) const {
  // Nobody waits for a list's mail for ever because of one member: only what may pass is worth another attempt.
  const auto may_pass = [&](const Error& error) {
    return error.code != Errc::not_found && (error.code != Errc::over_quota || over_quota_ == QuotaPolicy::defer);
  };
  std::vector<Member> all;
  std::size_t waiting = 0, having = 0, full = 0;
  for (const PrincipalId who : members) {
    all.push_back(look_at(accounts_, directory_, who, incoming.content.size, incoming.note));
    if (all.back().fault && may_pass(*all.back().fault)) ++waiting;
  }
  const bool is_foreseen = waiting != 0;
  for (Member& member : all) {
    if (!member.fault && !member.had_it) {
      Incoming own = incoming;
      own.recipient = member.address;
      if (!is_foreseen) own.note.clear();
      auto filed = file(*member.account, own);
      if (filed)
        member.filed = *filed;
      else
        member.fault = filed.error();
      if (!filed && may_pass(filed.error())) ++waiting;
    }
    if (!member.fault) {
      ++having;
      continue;
    }
    if (member.fault->code == Errc::not_found) continue;  // it was removed meanwhile
    const bool is_deferred = may_pass(*member.fault);
    (is_deferred ? deferred_ : left_out_).add();
    full += is_deferred ? 0 : 1;
    log::warn(
        "delivery.member_failed",
        {{"address", address}, {"member", member.who.value}, {"deferred", is_deferred}, {"why", member.fault->text}});
  }
  const bool is_over = waiting == 0;
  for (Member& member : all) {
    // Kept while it may come again, dropped when it will not.
    const bool keep = !is_over && !is_foreseen && member.filed, drop = is_over && member.had_it;
    if (!keep && !drop) continue;
    const auto noted = member.account->update(Caller::system(), [&](Transaction& transaction) {
      return keep ? keep_delivery_note(transaction, incoming.note, member.filed->item.value_or(ItemId()), clock_.now())
                  : drop_delivery_note(transaction, incoming.note);
    });
    if (!noted) log::error("delivery.not_noted", {{"member", member.who.value}, {"why", noted.error().text}});
  }
  if (!is_over)
    return fail(Errc::unavailable, fmt::format("{} of {} members of the list cannot take mail now; the others have it",
                                               waiting, all.size()));
  if (having == 0 && full != 0) return fail(Errc::over_quota, "the mailboxes of all members of the list are full");
  return {};
}

// Of a group: its first member's account.
Result<Delivery::NotePlace> Delivery::note_place(std::string_view address, std::string_view name) const {
  TRY(const directory::Recipient recipient, directory_.resolve(address));
  const auto members = directory_.expand(recipient.principal);
  const PrincipalId where = members.empty() ? recipient.principal : members.front();
  NotePlace place;
  TRY(place.account, accounts_.open(AccountId(where.value)));
  place.note = delivery_note(name, recipient.principal);
  return place;
}

bool Delivery::has(std::string_view address, std::string_view name) const {
  const auto place = note_place(address, name);
  if (!place) return false;
  const auto reader = place->account->read(Caller::system());
  return reader && has_delivery_note(**reader, place->note).value_or(false);
}

void Delivery::note(std::string_view address, std::string_view name) const {
  const auto work = [&]() -> Result<void> {
    TRY(const NotePlace place, note_place(address, name));
    TRY_VOID(place.account->update(Caller::system(), [&](Transaction& transaction) {
      return keep_delivery_note(transaction, place.note, ItemId(), clock_.now());
    }));
    return {};
  };
  if (const auto done = work(); !done) log::error("delivery.not_noted", {{"to", address}, {"why", done.error().text}});
}

void Delivery::forget(std::string_view address, std::string_view name) const {
  const auto work = [&]() -> Result<void> {
    TRY(const NotePlace place, note_place(address, name));
    TRY_VOID(place.account->update(
        Caller::system(), [&](Transaction& transaction) { return drop_delivery_note(transaction, place.note); }));
    return {};
  };
  if (const auto done = work(); !done) log::error("delivery.not_noted", {{"to", address}, {"why", done.error().text}});
}

}  // namespace kontor::groupware
