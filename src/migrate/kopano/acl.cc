// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/acl.h"

#include <fmt/format.h>

#include <algorithm>

namespace kontor::migrate::kopano {
namespace {

constexpr std::uint32_t kSystemUser = 2;
constexpr std::size_t kDeepestAcl = 100;
constexpr std::size_t kMostNamed = 500;  // instead of a group

// MAPI's bits.
constexpr std::uint32_t kReadAny = 0x1, kCreate = 0x2, kEditOwned = 0x8, kDeleteOwned = 0x10, kEditAny = 0x20,
                        kDeleteAny = 0x40, kCreateSubfolder = 0x80, kOwner = 0x100, kVisible = 0x400;

// groupware::right bits, which this side of the wire does not see.
constexpr std::uint32_t kSee = 1U << 0, kRead = 1U << 1, kKeepSeen = 1U << 2, kWriteFlags = 1U << 3, kInsert = 1U << 4,
                        kPost = 1U << 5, kCreateFolder = 1U << 6, kDeleteFolder = 1U << 7, kDeleteItems = 1U << 8,
                        kExpunge = 1U << 9, kAdminister = 1U << 10, kFreeBusy = 1U << 11, kFreeBusyDetails = 1U << 12,
                        kReadPrivate = 1U << 13;

}  // namespace

std::uint32_t rights_of_mapi(std::uint32_t rights, std::string_view kind) {
  std::uint32_t out = 0;
  const auto map = [&](std::uint32_t bit, std::uint32_t ours) {
    if ((rights & bit) != 0) out |= ours;
  };
  map(kVisible, kSee);
  map(kReadAny, kRead);
  map(kCreate, kInsert | kPost);
  map(kEditAny, kWriteFlags | kKeepSeen);
  map(kDeleteAny, kDeleteItems | kExpunge);
  map(kCreateSubfolder, kCreateFolder);
  map(kOwner, kSee | kDeleteFolder | kAdminister);
  if (kind == "calendar") {
    map(kVisible, kFreeBusy);
    map(kReadAny, kFreeBusy | kFreeBusyDetails);
  }
  return out;
}

AclResolver::AclResolver(std::vector<AclRow> rows, std::map<std::uint32_t, std::uint32_t> parents, AclSubjects subjects)
    : parents_(std::move(parents)), subjects_(std::move(subjects)) {
  for (const AclRow& row : rows)
    if (row.subject != kSystemUser) rows_[row.object][row.subject] |= row.rights;
}

void AclResolver::lose(std::string sentence) {
  if (std::ranges::find(losses_, sentence) == losses_.end()) losses_.push_back(std::move(sentence));
}

std::uint32_t AclResolver::effective(const std::vector<std::uint32_t>& chain,
                                     const std::set<std::uint32_t>& identities) const {
  for (const std::uint32_t object : chain) {
    const auto level = rows_.find(object);
    if (level == rows_.end()) continue;
    std::uint32_t rights = 0;
    bool has_any = false;
    for (const auto& [subject, granted] : level->second) {
      if (!identities.contains(subject)) continue;
      rights |= granted;
      has_any = true;
    }
    if (has_any) return rights;
  }
  return 0;
}

std::uint32_t AclResolver::carried(std::uint32_t rights, std::string_view kind, bool sees_private) {
  const bool own_alone = ((rights & kEditOwned) != 0 && (rights & kEditAny) == 0) ||
                         ((rights & kDeleteOwned) != 0 && (rights & kDeleteAny) == 0);
  if (own_alone) lose("Rights to change or delete only what one put there oneself are not carried.");
  std::uint32_t out = rights_of_mapi(rights, kind);
  const bool is_personal = kind == "calendar" || kind == "tasks" || kind == "notes" || kind == "contacts";
  if (sees_private && is_personal && (out & kRead) != 0) out |= kReadPrivate;
  return out;
}

std::vector<archive::Grant> AclResolver::grants(std::uint32_t folder, std::string_view kind) {
  std::vector<std::uint32_t> chain;
  std::set<std::uint32_t> concerned;
  for (std::uint32_t at = folder; chain.size() < kDeepestAcl;) {
    chain.push_back(at);
    if (const auto level = rows_.find(at); level != rows_.end())
      for (const auto& [subject, rights] : level->second) concerned.insert(subject);
    const auto parent = parents_.find(at);
    if (parent == parents_.end() || parent->second == at) break;
    at = parent->second;
  }
  const auto identities_of = [&](std::uint32_t user) {
    std::set<std::uint32_t> out = subjects_.everyone;
    out.insert(user);
    for (const auto& [group, members] : subjects_.groups)
      if (members.contains(user)) out.insert(group);
    return out;
  };
  // What each gets by name, and what the groups do.
  std::map<std::uint32_t, std::uint32_t> named;
  std::map<std::uint32_t, std::uint32_t> wide;  // groups; 0: everyone
  for (const std::uint32_t subject : concerned) {
    if (subject == subjects_.owner) continue;
    if (subjects_.everyone.contains(subject)) {
      wide[0] = effective(chain, subjects_.everyone);
    } else if (subjects_.groups.contains(subject)) {
      auto identities = subjects_.everyone;
      identities.insert(subject);
      wide[subject] = effective(chain, identities);
    } else {
      named[subject] = effective(chain, identities_of(subject));
    }
  }
  for (auto it = wide.begin(); it != wide.end();) {
    const auto& [group, rights] = *it;
    const auto& members = group == 0 ? subjects_.users : subjects_.groups.at(group);
    const bool has_address = group == 0 || !subjects_.address_of(group).value_or("").empty();
    // One without either is named as a loss.
    const bool is_exact = (has_address || members.empty()) && std::ranges::all_of(members, [&](std::uint32_t user) {
                            return user == subjects_.owner || (rights & ~effective(chain, identities_of(user))) == 0;
                          });
    if (is_exact) {
      ++it;
      continue;
    }
    if (members.size() <= kMostNamed) {
      for (const std::uint32_t user : members)
        if (user != subjects_.owner) named[user] = effective(chain, identities_of(user));
    } else {
      lose("A large group has rights on a folder that some of its members have not: it was given none.");
    }
    it = wide.erase(it);
  }
  std::vector<archive::Grant> out;
  const auto add = [&](std::uint32_t subject, std::uint32_t rights) {
    const std::uint32_t ours = carried(rights, kind, subjects_.sees_private.contains(subject));
    if (ours == 0) return;
    const auto address = subject == 0 ? std::optional<std::string>("") : subjects_.address_of(subject);
    if (!address || (subject != 0 && address->empty()))
      lose(fmt::format("Rights of somebody who is not in the directory (number {}) are not carried.",
                       subject & 0x7fff'ffffU));
    else
      out.push_back({*address, ours});
  };
  for (const auto& [group, rights] : wide) add(group, rights);
  for (const auto& [user, rights] : named) add(user, rights);
  if (out.size() > archive::kMaxGrants) {
    out.resize(archive::kMaxGrants);
    lose("More people have rights on a folder than can be carried: some were left out.");
  }
  return out;
}

}  // namespace kontor::migrate::kopano
