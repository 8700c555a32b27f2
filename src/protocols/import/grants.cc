// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/grants.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/bytes.h"
#include "protocols/import/ledger.h"

namespace kontor::importing {
namespace {

using groupware::Grant;
using groupware::Transaction;

constexpr std::string_view kOfEveryone = "*";  // stands for nobody's address

// What the source said, and what there was here then: "3075 3075".
struct GrantTrait {
  std::uint32_t source = 0, here = 0;
};

GrantTrait grant_trait(const std::map<std::string, std::string>& traits, const std::string& name) {
  GrantTrait out;
  const auto found = traits.find(name);
  if (found == traits.end()) return out;
  const char* const end = found->second.data() + found->second.size();
  const auto first = std::from_chars(found->second.data(), end, out.source);
  if (first.ptr != end) std::from_chars(first.ptr + 1, end, out.here);
  return out;
}

// Nothing: nobody here, or somebody that rights are not for. 0: everyone.
std::optional<PrincipalId> grantee(const directory::Directory& directory, TenantId tenant, const std::string& who) {
  if (who == kOfEveryone) return PrincipalId();
  const auto found = directory.by_address(to_lower(who));
  if (!found || found->tenant != tenant) return std::nullopt;
  return found->id;
}

}  // namespace

Result<void> follow_grants(Transaction& transaction, const directory::Directory& directory,
                           const directory::Principal& owner, const std::string& source, const archive::Folder& folder,
                           bool is_new, std::vector<std::string>& unknown) {
  if (!folder.grants) return {};
  const auto code = folder_code(folder.key);
  TRY(auto mark, find_folder(transaction, source, code));
  if (!mark) return {};
  const auto there = transaction.folder(mark->target);
  if (!there) return {};
  std::map<std::string, std::uint32_t> wanted;  // by trait
  for (const archive::Grant& grant : *folder.grants)
    wanted[std::string(kGrantTrait) + (grant.who.empty() ? std::string(kOfEveryone) : to_lower(grant.who))] |=
        grant.rights & groupware::right::kAll;
  for (const auto& [name, value] : mark->traits)
    if (name.starts_with(kGrantTrait)) wanted.emplace(name, 0);
  auto grants = is_new ? std::vector<Grant>() : (*there)->grants;
  const auto former = mark->traits;
  for (const auto& [name, rights] : wanted) {
    const bool is_first = !mark->traits.contains(name);
    const GrantTrait before = grant_trait(mark->traits, name);
    if (!is_first && before.source == rights) continue;
    const std::string who = name.substr(kGrantTrait.size());
    const auto principal = grantee(directory, owner.tenant, who);
    if (!principal && rights != 0) {
      unknown.push_back(who);
      continue;
    }
    GrantTrait now{rights, before.here};
    if (principal && *principal != owner.id) {
      const std::uint32_t here = groupware::granted_to(grants, *principal);
      // A new calendar tells everyone when its owner is busy; that goes on.
      const bool is_standard = is_first && !*principal && here == groupware::right::kFreeBusy;
      if (here == before.here || is_standard) {
        now.here = rights | (is_standard ? here : 0);
        std::erase_if(grants, [&](const Grant& grant) { return grant.principal == *principal; });
        if (now.here != 0) grants.push_back({*principal, now.here});
      }
    }
    if (rights == 0)
      mark->traits.erase(name);
    else
      mark->traits[name] = fmt::format("{} {}", now.source, now.here);
  }
  grants = groupware::in_order(std::move(grants));
  if (grants != (*there)->grants) {
    Transaction::FolderChange change;
    change.grants = std::move(grants);
    TRY_VOID(transaction.change_folder(mark->target, change));
  }
  if (mark->traits == former) return {};
  return transaction.note_imported(source, folder_mark_key(code), {ItemId(), encode(*mark)});
}

}  // namespace kontor::importing
