// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/delivery.h"

#include <optional>

#include "base/log.h"
#include "directory/directory.h"

namespace kontor::groupware {
namespace {

// The folder that a sub-address names, where its owner lets everyone post to it; else the inbox.
FolderId target(const FolderTable& folders, const std::string& detail) {
  if (!detail.empty())
    if (FolderTable::Pointer folder = folders.at_path(detail); folder && !folder->is_container)
      for (const Grant& grant : folder->grants)
        if (!grant.principal && (grant.rights & right::kPost) != 0) return folder->id;
  return folders.by_role(FolderRole::inbox)->id;
}

Result<void> file_into(Accounts& accounts, PrincipalId who, const std::string& detail, const StagedContent& content) {
  TRY(std::shared_ptr<Account> account, accounts.open(AccountId(who.value)));
  NewItem item;
  item.content = content;
  TRY_VOID(account->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    TRY_VOID(transaction.add(target(*transaction.folders(), detail), item));
    return {};
  }));
  return {};
}

}  // namespace

Result<TenantId> Delivery::accepts(std::string_view address, std::uint64_t size, const OpenAccount& open) const {
  TRY(directory::Recipient recipient, directory_.resolve(address));
  TRY(directory::Principal principal, directory_.principal(recipient.principal));
  if (principal.kind == directory::PrincipalKind::group) {
    if (directory_.expand(recipient.principal).empty())
      return fail(Errc::unavailable, "the list has no member who could take mail now");
    return principal.tenant;
  }
  const std::uint64_t limit = directory_.quota_bytes(principal.id);
  const std::uint64_t most_items = directory_.quota_messages(principal.id);
  if (limit == 0 && most_items == 0) return principal.tenant;
  TRY(std::shared_ptr<Account> account, open(principal.account()));
  TRY(std::unique_ptr<Reader> reader, account->read(Caller::system()));
  const Usage used = reader->usage();
  const bool has_no_room = limit != 0 && (used.bytes >= limit || used.bytes + size > limit);
  if (has_no_room || (most_items != 0 && used.items >= most_items))
    return fail(Errc::over_quota, "the mailbox is full");
  return principal.tenant;
}

Result<TenantId> Delivery::accepts(std::string_view address, std::uint64_t size) const {
  return accepts(address, size, [this](AccountId id) { return accounts_.open(id); });
}

std::optional<Result<TenantId>> Delivery::accepts_at_once(std::string_view address, std::uint64_t size) const {
  bool would_block = false;
  auto accepted = accepts(address, size, [&](AccountId id) -> Result<std::shared_ptr<Account>> {
    if (auto account = accounts_.find_open(id)) return account;
    would_block = true;
    return fail(Errc::unavailable, "the account is not open yet");
  });
  if (would_block) return std::nullopt;
  return accepted;
}

Result<void> Delivery::deliver(std::string_view address, const StagedContent& content) const {
  TRY(directory::Recipient recipient, directory_.resolve(address));
  std::vector<PrincipalId> members = directory_.expand(recipient.principal);
  if (members.empty()) return fail(Errc::unavailable, "nobody behind this address could take mail now");
  std::optional<Error> fault;
  bool is_delivered = false;
  for (PrincipalId member : members) {
    Result<void> filed = file_into(accounts_, member, recipient.detail, content);
    is_delivered = is_delivered || filed;
    if (filed) continue;
    fault = filed.error();
    if (members.size() > 1)
      log::error("delivery.member_failed",
                 {{"address", address}, {"member", member.value}, {"why", filed.error().text}});
  }
  if (!is_delivered) return std::unexpected(*fault);
  return {};
}

}  // namespace kontor::groupware
