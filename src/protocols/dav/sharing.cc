// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/sharing.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "protocols/dav/calendar.h"
#include "protocols/dav/segments.h"
#include "wire/dav/href.h"

namespace kontor::dav {
namespace {

using groupware::Kind;
using wire::dav::dav;
using What = Resource::What;

constexpr std::string_view kMountPrefix = "shared-";
constexpr std::string_view kNotices = "notifications";
constexpr std::uint32_t kShareable = of(Kind::calendar, Kind::tasks, Kind::notes, Kind::contacts);
constexpr std::uint32_t kHomes = in(Space::calendars, Space::contacts);
constexpr Scope kSharedScope{on(What::collection), kShareable, kHomes};

bool is_own_home(const Context& context, const Resource& at) {
  return at.what == What::home && at.owner && at.owner->id == context.user.id &&
         (at.space == Space::calendars || at.space == Space::contacts);
}

// "shared-12-34".
std::optional<std::pair<PrincipalId, FolderId>> parse_mount(std::string_view name) {
  if (!name.starts_with(kMountPrefix)) return std::nullopt;
  name.remove_prefix(kMountPrefix.size());
  std::uint64_t owner = 0, folder = 0;
  const char* const end = name.data() + name.size();
  const auto first = std::from_chars(name.data(), end, owner);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, folder);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  return std::pair{PrincipalId(owner), FolderId(folder)};
}

Outcome<std::optional<Resource>> find_shared(Context& context, const Resource& home, const std::string& name) {
  if (!is_own_home(context, home)) return std::nullopt;
  if (name == kNotices && home.space == Space::calendars) return notices_of(home);
  const auto wanted = parse_mount(name);
  if (!wanted) return std::nullopt;
  const auto owner = context.services.directory.principal(wanted->first);
  if (!owner || owner->tenant != context.user.tenant || owner->id == context.user.id || !owner->account())
    return std::nullopt;
  TRY(const auto account, context.account(*owner));
  const auto reader = context.reader(*account);
  if (!reader) return std::nullopt;
  const auto folder = (*reader)->folders()->find(wanted->second);
  if (!folder || !shows_in(home.space, folder->kind)) return std::nullopt;
  if (!((*reader)->rights(folder->id) & groupware::right::kShowing)) return std::nullopt;
  const SharedFolder shared{*owner, account, folder, note_about(*folder, context.user.id)};
  if (!shared.is_shown() || mount_name(shared) != name) return std::nullopt;
  return mount_of(home, shared);
}

Outcome<> list_shared(Context& context, const Resource& home, const std::function<bool(Resource)>& visit) {
  if (!is_own_home(context, home)) return {};
  if (home.space == Space::calendars && !visit(notices_of(home))) return {};
  // Gathered first: whoever is shown one may read more of it.
  std::vector<Resource> found;
  TRY_VOID(shared_folders(context, home.space, [&](const SharedFolder& shared) {
    if (shared.is_shown()) found.push_back(mount_of(home, shared));
    return true;
  }));
  for (Resource& one : found)
    if (!visit(std::move(one))) return {};
  return {};
}

Shown print_shared_url(Context& context, const Resource& resource, xml::Printer& out) {
  if (!is_mount(resource)) return Shown::absent;
  out.open(cs("shared-url"));
  out.leaf(dav("href"), wire::dav::encode_path(own_path(context, resource)));
  out.close();
  return Shown::yes;
}

Shown print_modes(Context& context, const Resource& resource, xml::Printer& out) {
  if (is_mount(resource) || !(resource.rights(context) & groupware::right::kAdminister)) return Shown::absent;
  out.open(cs("allowed-sharing-modes"));
  out.leaf(cs("can-be-shared"));
  if (kCalendarScope.covers(resource)) out.leaf(cs("can-be-published"));
  out.close();
  return Shown::yes;
}

Shown print_notification_url(Context&, const Resource& resource, xml::Printer& out) {
  if (!resource.owner->account()) return Shown::absent;
  out.open(cs("notification-URL"));
  out.leaf(dav("href"),
           wire::dav::encode_path(home_path(Space::calendars, *resource.owner) + std::string(kNotices) + "/"));
  out.close();
  return Shown::yes;
}

const Property kSharingProperties[] = {
    {cs("invite"), kSharedScope, false, print_invite},
    {cs("shared-url"), kSharedScope, false, print_shared_url},
    {cs("allowed-sharing-modes"), kSharedScope, false, print_modes},
    {cs("notification-URL"), {on(What::principal)}, false, print_notification_url},
    {cs("notificationtype"), {on(What::special), ~0U, in(Space::calendars)}, false, print_notice_type},
};

bool is_mounted(Context&, const Resource& resource) { return is_mount(resource); }
bool is_own(Context& context, const Resource& resource) { return is_own_home(context, resource); }

// From the home only: the collection is its owner's.
Outcome<Response> do_unmount(Context& context, const Resource& resource) {
  TRY_VOID(note_answer(context, resource, false));
  return answer(204);
}

Outcome<Response> refuse_move(Context&, const Resource&) { return deny(403, "what others share stays where it is"); }

const Method kSharingMethods[] = {
    {"POST", kSharedScope, Method::Body::text, do_share},
    {"POST", {on(What::home), ~0U, kHomes}, Method::Body::text, do_reply, is_own},
    {"DELETE", kSharedScope, Method::Body::none, do_unmount, is_mounted},
    {"MOVE", kSharedScope, Method::Body::none, refuse_move, is_mounted},
    {"DELETE", {on(What::special), ~0U, in(Space::calendars)}, Method::Body::none, do_put_away, is_notice},
};

std::vector<xml::NameView> sharing_types(const Resource& resource) {
  if (!kSharedScope.covers(resource)) return {};
  if (is_mount(resource)) return {cs("shared")};
  const auto is_note = [](const auto& property) { return property.first.starts_with("dav.shared-with."); };
  if (std::ranges::any_of(resource.folder->properties, is_note)) return {cs("shared-owner")};
  return {};
}

const Family kSharingFamily = {.name = "sharing",
                               .properties = kSharingProperties,
                               .methods = kSharingMethods,
                               .compliance = "calendarserver-sharing",
                               .types = sharing_types,
                               .find = find_shared,
                               .specials = list_shared};

}  // namespace

const Family& sharing_family() { return kSharingFamily; }

bool is_mount(const Resource& resource) {
  if (!resource.folder || !resource.owner || (resource.what != What::collection && resource.what != What::item))
    return false;
  const auto address = resource.path.find('/', kRoot.size());
  if (address == std::string::npos) return false;
  const auto name = resource.path.find('/', address + 1);
  if (name == std::string::npos || !std::string_view(resource.path).substr(name + 1).starts_with(kMountPrefix))
    return false;
  const std::string segment = resource.path.substr(address + 1, name - address - 1);
  return std::ranges::find(resource.owner->addresses, segment) == resource.owner->addresses.end();
}

std::string mount_name(const SharedFolder& shared) {
  return fmt::format("{}{}-{}", kMountPrefix, shared.owner.id.value, shared.folder->id.value);
}

Resource mount_of(const Resource& home, const SharedFolder& shared) {
  Resource out;
  out.what = What::collection;
  out.space = home.space;
  out.name = mount_name(shared);
  out.path = home.path + out.name + "/";
  out.owner = shared.owner;
  out.account = shared.account;
  out.folder = shared.folder;
  return out;
}

std::string own_path(Context& context, const Resource& collection) {
  const auto found = resource_of(context, *collection.owner, collection.account, collection.folder->id);
  return found ? found->path : std::string();
}

}  // namespace kontor::dav
