// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/proxies.h"

#include <algorithm>
#include <map>
#include <set>

#include "groupware/delegates.h"
#include "protocols/dav/principals.h"
#include "protocols/dav/segments.h"
#include "protocols/dav/sharing.h"

namespace kontor::dav {
namespace {

namespace right = groupware::right;
using directory::MemberRole;
using directory::Principal;
using groupware::FolderTable;
using groupware::Grant;
using wire::dav::dav;
using What = Resource::What;

enum class Level : std::uint8_t { none, reads, writes };

constexpr std::string_view kGroups[] = {"calendar-proxy-read", "calendar-proxy-write"};
constexpr std::size_t kMostDelegates = 200;

Level level_of(std::uint32_t rights) {
  if ((rights & right::kEditor) == right::kEditor) return Level::writes;
  return (rights & right::kReader) == right::kReader ? Level::reads : Level::none;
}

std::vector<FolderTable::Pointer> calendars_of(const FolderTable& folders) {
  std::vector<FolderTable::Pointer> out;
  for (const FolderTable::Pointer& folder : folders.all())
    if (shows_in(Space::calendars, folder->kind)) out.push_back(folder);
  return out;
}

// Who has at least reading rights on all of them by its own grants.
std::map<PrincipalId, Level> delegates_of(const FolderTable& folders) {
  std::map<PrincipalId, Level> out;
  const auto calendars = calendars_of(folders);
  if (calendars.empty()) return out;
  for (const Grant& grant : calendars.front()->grants)
    if (grant.principal) out[grant.principal] = Level::writes;
  for (auto& [who, level] : out)
    for (const auto& folder : calendars) level = std::min(level, level_of(granted_to(folder->grants, who)));
  std::erase_if(out, [](const auto& one) { return one.second == Level::none; });
  return out;
}

class ProxyGroup final : public Special {
 public:
  explicit ProxyGroup(Level level) : level_(level) {}
  bool is_collection() const override { return true; }
  std::string display_name() const override { return std::string(name()); }
  std::vector<xml::NameView> types() const override { return {dav("principal"), cs(name())}; }

  std::string_view name() const { return kGroups[level_ == Level::writes ? 1 : 0]; }
  Level level() const { return level_; }

 private:
  Level level_;
};

const ProxyGroup* as_group(const Resource& resource) { return dynamic_cast<const ProxyGroup*>(resource.special.get()); }

Outcome<Resource> group_of(Context& context, const Resource& principal, Level level) {
  const auto group = std::make_shared<ProxyGroup>(level);
  Resource out;
  out.what = What::special;
  out.space = Space::principals;
  out.owner = principal.owner;
  TRY(out.account, context.account(*principal.owner));
  out.name = group->name();
  out.path = principal.path + out.name + "/";
  out.special = group;
  return out;
}

Outcome<std::optional<Resource>> find_group(Context& context, const Resource& at, const std::string& name) {
  if (at.what != What::principal || !at.owner->account()) return std::nullopt;
  for (const Level level : {Level::reads, Level::writes}) {
    if (name != kGroups[level == Level::writes ? 1 : 0]) continue;
    TRY(Resource group, group_of(context, at, level));
    return group;
  }
  return std::nullopt;
}

Outcome<> list_groups(Context& context, const Resource& at, const std::function<bool(Resource)>& visit) {
  if (at.what != What::principal || !at.owner->account()) return {};
  for (const Level level : {Level::reads, Level::writes}) {
    TRY(Resource group, group_of(context, at, level));
    if (!visit(std::move(group))) break;
  }
  return {};
}

// Only for whoever may give rights on all of it: of the others each knows about itself.
bool may_see_members(const groupware::Reader& reader) {
  return std::ranges::all_of(calendars_of(*reader.folders()),
                             [&](const auto& folder) { return (reader.rights(folder->id) & right::kAdminister) != 0; });
}

Shown print_delegates(Context& context, const Resource& resource, xml::Printer& out) {
  const ProxyGroup* group = as_group(resource);
  if (!group) return Shown::absent;
  const auto reader = context.reader(*resource.account);
  if (!reader || !may_see_members(**reader)) return Shown::denied;
  auto delegates = delegates_of(*(*reader)->folders());
  const Principal& owner = *resource.owner;
  for (const PrincipalId member :
       owner.kind == directory::PrincipalKind::shared ? owner.members : std::vector<PrincipalId>()) {
    const auto role = context.services.directory.member_role(owner.id, member);
    if (role) delegates[member] = *role == MemberRole::reader ? Level::reads : Level::writes;
  }
  out.open(dav("group-member-set"));
  for (const auto& [who, level] : delegates) {
    const auto principal = level == group->level() ? principal_resource(context, who) : std::nullopt;
    if (principal) print_href(out, principal->path);
  }
  out.close();
  return Shown::yes;
}

Outcome<std::set<PrincipalId>> wanted_members(Context& context, const Resource& resource, const xml::Element* value) {
  std::set<PrincipalId> out;
  if (!value) return out;
  for (const xml::Element* href : value->children(dav("href"))) {
    const auto who = principal_of_address(context, href->own_text());
    if (!who || who->id == resource.owner->id)
      return deny(dav("recognized-principal"), "nobody of that name can be a delegate: " + href->own_text());
    out.insert(who->id);
    if (out.size() > kMostDelegates) return deny(403, "these are too many delegates");
  }
  return out;
}

// All of the group's members anew: who is named gets its rights on each folder, who was in it before loses them.
Outcome<> set_delegates(Context& context, const Resource& resource, groupware::Transaction& transaction,
                        const xml::Element* value) {
  const ProxyGroup* group = as_group(resource);
  if (!group) return deny(403, "this group has no members of its own");
  TRY(const auto wanted, wanted_members(context, resource, value));
  const auto before = delegates_of(*transaction.folders());
  const std::uint32_t rights = group->level() == Level::writes ? right::kSteward : right::kReader;
  const auto changed = [&](std::vector<Grant> grants, const auto& was_member) {
    std::erase_if(grants, [&](const Grant& grant) { return wanted.contains(grant.principal) || was_member(grant); });
    for (const PrincipalId who : wanted) grants.push_back({who, rights});
    return groupware::in_order(std::move(grants));
  };
  const auto later = changed(groupware::later_grants(*transaction.folders()),
                             [&](const Grant& grant) { return level_of(grant.rights) == group->level(); });
  for (const auto& folder : calendars_of(*transaction.folders())) {
    groupware::Transaction::FolderChange change;
    change.grants = changed(folder->grants, [&](const Grant& grant) {
      const auto was = before.find(grant.principal);
      return was != before.end() && was->second == group->level();
    });
    if (folder->role == groupware::FolderRole::calendar)
      change.properties[groupware::kDelegates] = groupware::print_delegates(later);
    TRY_VOID(transaction.change_folder(folder->id, change));
  }
  return {};
}

// What the caller may do with all calendars of an account.
Level own_level(const groupware::Reader& reader) {
  const auto calendars = calendars_of(*reader.folders());
  Level out = calendars.empty() ? Level::none : Level::writes;
  for (const auto& folder : calendars) out = std::min(out, level_of(reader.rights(folder->id)));
  return out;
}

// Only of the caller itself: whom others stand in for is not told.
Shown print_delegators(Context& context, const Resource& resource, Level level, xml::Printer& out) {
  if (resource.owner->id != context.user.id) return Shown::absent;
  out.open(cs(level == Level::writes ? "calendar-proxy-write-for" : "calendar-proxy-read-for"));
  each_sharer(context, Space::calendars, [&](const Sharer& sharer) {
    if (own_level(sharer.reader) == level) print_href(out, principal_path(sharer.owner));
    return true;
  });
  out.close();
  return Shown::yes;
}
Shown print_read_for(Context& context, const Resource& resource, xml::Printer& out) {
  return print_delegators(context, resource, Level::reads, out);
}
Shown print_write_for(Context& context, const Resource& resource, xml::Printer& out) {
  return print_delegators(context, resource, Level::writes, out);
}

Shown print_group_url(Context&, const Resource& resource, xml::Printer& out) {
  if (!as_group(resource)) return Shown::absent;
  out.open(dav("principal-URL"));
  print_href(out, resource.path);
  out.close();
  return Shown::yes;
}

Shown print_no_membership(Context&, const Resource& resource, xml::Printer& out) {
  if (!as_group(resource)) return Shown::absent;
  out.leaf(dav("group-membership"));
  return Shown::yes;
}

constexpr Scope kGroup{on(What::special), ~0U, in(Space::principals)};

const Property kProxyProperties[] = {
    {cs("calendar-proxy-read-for"), {on(What::principal)}, false, print_read_for},
    {cs("calendar-proxy-write-for"), {on(What::principal)}, false, print_write_for},
    {dav("group-member-set"), kGroup, false, print_delegates, set_delegates},
    {dav("group-membership"), kGroup, false, print_no_membership},
    {dav("principal-URL"), kGroup, false, print_group_url},
};

const Family kProxyFamily = {.name = "proxies",
                             .properties = kProxyProperties,
                             .compliance = "calendar-proxy",
                             .find = find_group,
                             .specials = list_groups};

}  // namespace

const Family& proxy_family() { return kProxyFamily; }

}  // namespace kontor::dav
