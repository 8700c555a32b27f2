// SPDX-License-Identifier: AGPL-3.0-or-later
// Members of shared mailboxes, who may send as whom, and the notes of who shares with whom.
#include "directory/shares.h"

#include <fmt/core.h>

#include <unordered_set>

#include "directory/rules.h"
#include "directory/stored_directory.h"

namespace kontor::directory {
namespace {

bool names_any(const std::vector<PrincipalId>& list, const std::vector<PrincipalId>& ids) {
  return std::ranges::any_of(ids, [&](PrincipalId id) { return std::ranges::find(list, id) != list.end(); });
}

// The principal and all groups that it is in.
std::vector<PrincipalId> identities(const Roster& roster, PrincipalId who) {
  std::vector<PrincipalId> ids = roster.groups_of(who);
  ids.push_back(who);
  return ids;
}

std::optional<MemberRole> role_among(const Principal& mailbox, const std::vector<PrincipalId>& ids) {
  if (mailbox.kind != PrincipalKind::shared) return std::nullopt;
  std::optional<MemberRole> best;
  for (PrincipalId id : ids) {
    if (std::ranges::find(mailbox.members, id) == mailbox.members.end()) continue;
    MemberRole role = MemberRole::editor;
    if (std::ranges::find(mailbox.managers, id) != mailbox.managers.end()) role = MemberRole::manager;
    if (std::ranges::find(mailbox.readers, id) != mailbox.readers.end()) role = MemberRole::reader;
    best = std::max(best.value_or(role), role);
  }
  return best;
}

bool names(const Shares& shares, PrincipalId with, std::uint32_t kinds) {
  auto at = std::ranges::lower_bound(shares, with, {}, &Share::with);
  return at != shares.end() && at->with == with && (at->kinds & kinds) != 0;
}

bool names_one_of(const Shares& shares, const std::vector<PrincipalId>& ids, std::uint32_t kinds) {
  return names(shares, PrincipalId(), kinds) ||
         std::ranges::any_of(ids, [&](PrincipalId id) { return names(shares, id, kinds); });
}

}  // namespace

std::optional<MemberRole> Roster::member_role(PrincipalId mailbox, PrincipalId who) const {
  const Principal* found = principal(mailbox);
  if (found == nullptr || found->members.empty()) return std::nullopt;
  return role_among(*found, identities(*this, who));
}

SendRight Roster::send_right(PrincipalId who, PrincipalId as) const {
  const Principal* sender = principal(who);
  const Principal* shown = principal(as);
  if (sender == nullptr || shown == nullptr || sender->tenant != shown->tenant) return SendRight::none;
  if (who == as) return SendRight::as;
  std::vector<PrincipalId> ids = identities(*this, who);
  std::optional<MemberRole> role = role_among(*shown, ids);
  if (names_any(shown->send_as, ids) || (role && *role != MemberRole::reader)) return SendRight::as;
  return names_any(shown->send_on_behalf, ids) ? SendRight::on_behalf : SendRight::none;
}

const Shares& Roster::shares(PrincipalId owner) const {
  static const Shares kNone;
  const auto* found = shares_.find(owner);
  return found == nullptr ? kNone : **found;
}

bool Roster::shows_to(PrincipalId owner, PrincipalId who, std::uint32_t kinds) const {
  const Principal* account = principal(owner);
  const Principal* caller = principal(who);
  if (account == nullptr || caller == nullptr || !account->account() || owner == who) return false;
  if (account->tenant != caller->tenant) return false;
  std::vector<PrincipalId> ids = identities(*this, who);
  return role_among(*account, ids) || names_one_of(shares(owner), ids, kinds);
}

std::vector<PrincipalId> Roster::sharing_with(PrincipalId who, std::uint32_t kinds) const {
  const Principal* caller = principal(who);
  if (caller == nullptr) return {};
  std::vector<PrincipalId> out;
  std::unordered_set<PrincipalId> seen{who};
  std::vector<PrincipalId> ids = identities(*this, who);
  auto take = [&](PrincipalId owner) {
    const Principal* account = principal(owner);
    if (account != nullptr && account->account() && account->tenant == caller->tenant && seen.insert(owner).second)
      out.push_back(owner);
  };
  for (PrincipalId id : ids)
    for (PrincipalId holder : holders(id))
      if (principal(holder)->kind == PrincipalKind::shared) take(holder);
  ids.emplace_back(caller->tenant.value);  // everyone's key
  for (PrincipalId id : ids) {
    const auto* owners = sharers_.find(id);
    if (owners == nullptr) continue;
    PrincipalId with = id.value == caller->tenant.value ? PrincipalId() : id;
    for (PrincipalId owner : *owners)
      if (names(shares(owner), with, kinds)) take(owner);
  }
  return out;
}

// Tenants and principals have their ids from one counter: so a tenant's id can stand for everyone in it.
PrincipalId Roster::sharer_key(PrincipalId owner, PrincipalId with) const {
  const Principal* account = principal(owner);
  if (with) return with;
  return account == nullptr ? PrincipalId() : PrincipalId(account->tenant.value);
}

void Roster::put_shares(PrincipalId owner, Shares shares) {
  for (const Share& old : this->shares(owner)) {
    const PrincipalId key = sharer_key(owner, old.with);
    const auto* found = sharers_.find(key);
    if (found == nullptr) continue;
    std::vector<PrincipalId> left = *found;
    std::erase(left, owner);
    if (left.empty())
      sharers_.erase(key);
    else
      sharers_.set(key, std::move(left));
  }
  for (const Share& share : shares) {
    const PrincipalId key = sharer_key(owner, share.with);
    const auto* found = sharers_.find(key);
    std::vector<PrincipalId> more = found == nullptr ? std::vector<PrincipalId>() : *found;
    more.push_back(owner);
    sharers_.set(key, std::move(more));
  }
  if (shares.empty())
    shares_.erase(owner);
  else
    shares_.set(owner, std::make_shared<const Shares>(std::move(shares)));
}

std::optional<MemberRole> StoredDirectory::member_role(PrincipalId mailbox, PrincipalId who) const {
  return current()->member_role(mailbox, who);
}

SendRight StoredDirectory::send_right(PrincipalId who, PrincipalId as) const { return current()->send_right(who, as); }

Shares StoredDirectory::shares(AccountId account) const { return current()->shares(PrincipalId(account.value)); }

bool StoredDirectory::shows_to(AccountId account, PrincipalId who, std::uint32_t kinds) const {
  return current()->shows_to(PrincipalId(account.value), who, kinds);
}

std::vector<PrincipalId> StoredDirectory::sharing_with(PrincipalId who, std::uint32_t kinds) const {
  return current()->sharing_with(who, kinds);
}

Result<void> StoredDirectory::set_shares(AccountId account, const Shares& shares) {
  const PrincipalId owner(account.value);
  Shares wanted;
  for (const Share& share : shares)
    if (share.kinds != 0) add_share(wanted, share);
  return change([&](Draft& draft) -> Result<void> {
    const Principal* found = draft.roster().principal(owner);
    if (found == nullptr || !found->account())
      return fail(Errc::not_found, fmt::format("no principal has the account {}", account.value));
    if (draft.roster().shares(owner) != wanted) draft.put_shares(owner, wanted);
    return {};
  });
}

}  // namespace kontor::directory
