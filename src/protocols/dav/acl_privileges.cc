// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/acl_privileges.h"

#include <algorithm>

namespace kontor::dav {
namespace {

namespace right = groupware::right;
using wire::dav::caldav;
using wire::dav::dav;

constexpr xml::NameView own_name(std::string_view local) { return {kOwnSpace, local}; }

constexpr std::uint32_t kBind = right::kInsert | right::kCreateFolder;
// RFC 3744 section 3.10: of the members. That the collection itself goes is a right of its own.
constexpr std::uint32_t kUnbind = right::kDeleteItems | right::kExpunge;
constexpr std::uint32_t kWriteContent = right::kInsert | right::kDeleteItems | right::kExpunge;
constexpr std::uint32_t kWrite = kBind | kUnbind | right::kWriteFlags | right::kKeepSeen | right::kPost;

const Privilege kPrivileges[] = {
    {0, dav("all"), right::kAll, false, "Everything"},
    {1, dav("read"), right::kReader, false, "Read all but what is private"},
    {2, dav("read-current-user-privilege-set"), right::kSee, false, "See that it is there"},
    {2, own_name("read-items"), right::kRead, false, "Read what is in it"},
    {2, caldav("read-free-busy"), right::kFreeBusy, false, "See when its owner is busy"},
    {2, own_name("read-free-busy-details"), right::kFreeBusyDetails, false,
     "See with what and where its owner is busy"},
    {1, own_name("read-private"), right::kReadPrivate, false, "Read what is private or confidential"},
    {1, dav("write"), kWrite, false, "Change what is in it"},
    {2, dav("bind"), kBind, false, "Add to it"},
    {3, own_name("add-items"), right::kInsert, false, "Add items"},
    {3, own_name("create-collections"), right::kCreateFolder, false, "Make collections in it"},
    {2, dav("unbind"), kUnbind, false, "Remove from it"},
    {3, own_name("mark-deleted"), right::kDeleteItems, false, "Mark items as deleted"},
    {3, own_name("remove-items"), right::kExpunge, false, "Remove items"},
    {2, dav("write-content"), kWriteContent, false, "Replace what is in it"},
    {2, dav("write-properties"), right::kWriteFlags, false, "Change properties of items"},
    {2, own_name("keep-seen"), right::kKeepSeen, false, "Keep which items were seen"},
    {2, caldav("schedule-deliver"), right::kPost, false, "Deliver to it"},
    {3, caldav("schedule-deliver-invite"), right::kPost, true, "Invite its owner"},
    {3, caldav("schedule-deliver-reply"), right::kPost, true, "Answer invitations of its owner"},
    {3, caldav("schedule-query-freebusy"), right::kPost, true, "Ask when its owner is busy"},
    {1, own_name("remove-collection"), right::kDeleteFolder, false, "Remove the collection"},
    {1, dav("write-acl"), right::kAdminister, false, "Give rights to others"},
    {2, dav("read-acl"), right::kAdminister, true, "See who has which rights"},
    {2, dav("unlock"), right::kAdminister, true, "End locks of others"},
};

bool has(std::uint32_t rights, std::uint32_t wanted) { return (rights & wanted) == wanted; }

const xml::Element* only_child(const xml::Element& parent) {
  const auto children = parent.children();
  return children.size() == 1 ? children.front() : nullptr;
}

Outcome<AcePrincipal> parse_principal(const xml::Element& ace) {
  if (ace.child(dav("invert"))) return deny(dav("no-invert"), "an ACE says whom it is about, not whom it is not about");
  const xml::Element* principal = ace.child(dav("principal"));
  const xml::Element* who = principal ? only_child(*principal) : nullptr;
  if (!who) return deny(400, "an ACE has one principal");
  if (who->is(dav("href"))) return AcePrincipal{AcePrincipal::Who::href, who->own_text()};
  if (who->is(dav("authenticated"))) return AcePrincipal{AcePrincipal::Who::authenticated};
  const xml::Element* property = who->is(dav("property")) ? only_child(*who) : nullptr;
  if (property && property->is(dav("owner"))) return AcePrincipal{AcePrincipal::Who::owner};
  return deny(dav("allowed-principal"), "rights are given to principals and to all who are logged in");
}

Outcome<std::uint32_t> parse_rights(const xml::Element& grant) {
  std::uint32_t rights = 0;
  for (const xml::Element* privilege : grant.children(dav("privilege"))) {
    for (const xml::Element* name : privilege->children()) {
      const Privilege* found = find_privilege(name->name);
      if (!found) return deny(dav("not-supported-privilege"), "there is no such privilege");
      if (found->is_abstract) return deny(dav("no-abstract"), "this privilege is not given by itself");
      rights |= found->rights;
    }
  }
  return rights;
}

}  // namespace

std::span<const Privilege> privileges() { return kPrivileges; }

const Privilege* find_privilege(xml::NameView name) {
  const auto* found = std::ranges::find_if(
      kPrivileges, [&](const Privilege& one) { return one.name.local == name.local && one.name.space == name.space; });
  return found == std::end(kPrivileges) ? nullptr : found;
}

std::vector<xml::NameView> held_privileges(std::uint32_t rights) {
  std::vector<xml::NameView> out;
  for (const Privilege& one : kPrivileges)
    if (has(rights, one.rights)) out.push_back(one.name);
  return out;
}

std::vector<xml::NameView> granted_privileges(std::uint32_t rights) {
  std::vector<xml::NameView> out;
  int within = -1;  // the depth of one that was taken: those in it are said by it
  std::uint32_t said = 0;
  for (const Privilege& one : kPrivileges) {
    if (within >= 0 && one.depth > within) continue;
    within = -1;
    if (!has(rights, one.rights) || one.is_abstract || has(said, one.rights)) continue;
    out.push_back(one.name);
    said |= one.rights;
    within = one.depth;
  }
  return out;
}

Outcome<std::vector<Ace>> parse_acl(const xml::Element& acl) {
  std::vector<Ace> out;
  for (const xml::Element* ace : acl.children(dav("ace"))) {
    if (ace->child(dav("protected"))) continue;  // it stays, whatever is said of it
    if (ace->child(dav("inherited"))) return deny(dav("no-inherited-ace-conflict"), "nothing is inherited here");
    if (ace->child(dav("deny"))) return deny(dav("grant-only"), "rights are given, not taken away");
    const xml::Element* grant = ace->child(dav("grant"));
    if (!grant) return deny(400, "an ACE grants something");
    if (out.size() >= groupware::kGrantsPerFolder)
      return deny(dav("limited-number-of-aces"), "these are more ACEs than a collection can have");
    Ace one;
    TRY(one.principal, parse_principal(*ace));
    TRY(one.rights, parse_rights(*grant));
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace kontor::dav
