// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/grants.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "protocols/import/ledger.h"
#include "protocols/import/traits.h"

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

// What the source says of each, by trait; of those it says nothing of any more, nothing.
std::map<std::string, std::uint32_t> wanted_grants(const archive::Folder& folder, const FolderMark& mark) {
  std::map<std::string, std::uint32_t> wanted;
  for (const archive::Grant& grant : *folder.grants)
    wanted[std::string(kGrantTrait) + (grant.who.empty() ? std::string(kOfEveryone) : to_lower(grant.who))] |=
        grant.rights & groupware::right::kAll;
  for (const auto& [name, value] : mark.traits)
    if (name.starts_with(kGrantTrait)) wanted.emplace(name, 0);
  return wanted;
}

std::string name_of(const directory::Directory& directory, PrincipalId who) {
  if (!who) return "everyone";
  const auto principal = directory.principal(who);
  return principal && !principal->addresses.empty() ? principal->addresses.front() : "somebody who is gone";
}

}  // namespace

Result<void> compare_grants(const groupware::Reader& reader, const directory::Directory& directory,
                            const directory::Principal& owner, const FolderMark& mark, const archive::Folder& folder,
                            archive::Answer& answer) {
  if (!folder.grants) return {};
  TRY(const auto there, reader.folder(mark.target));
  std::set<PrincipalId> seen = {owner.id};
  const auto compare = [&](PrincipalId who, const Settled& settled, std::uint32_t here) {
    const std::string why = difference_of(settled);
    if (why.empty()) {
      if (here != 0) ++answer.counts.present;
      return;
    }
    answer.different.push_back({fmt::format("the rights of {} on {}", name_of(directory, who), there->name), why});
  };
  for (const auto& [name, rights] : wanted_grants(folder, mark)) {
    const auto who = grantee(directory, owner.tenant, name.substr(kGrantTrait.size()));
    if (!who || !seen.insert(*who).second) continue;
    const GrantTrait before = grant_trait(mark.traits, name);
    const std::uint32_t here = groupware::granted_to(there->grants, *who);
    Settled settled{.was_brought = mark.traits.contains(name),
                    .is_same_at_source = before.source == rights,
                    .is_same_here = before.here == here,
                    .is_at_source = rights != 0,
                    .is_here = here != 0};
    if (here == rights) settled = {.was_brought = true, .is_same_at_source = true, .is_same_here = true};
    compare(*who, settled, here);
  }
  for (const Grant& grant : there->grants) {
    // What every new calendar tells everyone is nobody's doing.
    const bool is_standard = !grant.principal && grant.rights == groupware::right::kFreeBusy;
    if (!is_standard && seen.insert(grant.principal).second) compare(grant.principal, {.is_here = true}, grant.rights);
  }
  return {};
}

Result<void> follow_grants(Transaction& transaction, const directory::Directory& directory,
                           const directory::Principal& owner, const std::string& source, const archive::Folder& folder,
                           bool is_new, std::vector<std::string>& unknown) {
  if (!folder.grants) return {};
  const auto code = folder_code(folder.key);
  TRY(auto mark, find_folder(transaction, source, code));
  if (!mark) return {};
  const auto there = transaction.folder(mark->target);
  if (!there) return {};
  const auto wanted = wanted_grants(folder, *mark);
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
