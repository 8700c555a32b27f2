// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/attachments.h"
#include "protocols/dav/family.h"
#include "protocols/dav/resource.h"
#include "protocols/dav/segments.h"
#include "wire/dav/href.h"

namespace kontor::dav {
namespace {

using groupware::FolderTable;
using groupware::Kind;
using What = Resource::What;

Outcome<std::optional<Resource>> special_named(Context& context, const Resource& at, const std::string& name) {
  for (const Family* family : families()) {
    if (!family->find) continue;
    TRY(auto found, family->find(context, at, name));
    if (found) return found;
  }
  return std::nullopt;
}

void become_folder(Resource& resource, FolderTable::Pointer folder, std::string name) {
  resource.what = What::collection;
  resource.folder = std::move(folder);
  resource.name = std::move(name);
  resource.path = as_collection(resource.path);
}

// A name in a folder: a folder of files, an item, or nothing.
Outcome<Resource> in_folder(const groupware::Reader& reader, Resource parent, const std::string& name, bool is_last) {
  Resource out = parent;
  out.name = name;
  out.path = parent.path + name;
  if (parent.kind() == Kind::files) {
    auto child = files_child(*reader.folders(), parent.folder->id, name);
    if (child && (reader.rights(child->id) & groupware::right::kShowing)) {
      become_folder(out, std::move(child), name);
      return out;
    }
  }
  out.what = What::absent;
  if (!is_last) {
    out.folder = nullptr;
    return out;
  }
  const auto uid = reader.named(parent.folder->id, name);
  if (!uid) {
    if (uid.error().code != Errc::not_found) return std::unexpected(Problem(uid.error()));
    return out;
  }
  TRY(out.entry, reader.entry(parent.folder->id, *uid));
  out.what = What::item;
  return out;
}

Outcome<Resource> in_special(Context& context, Resource at, const Path& path, std::size_t next) {
  for (; next < path.names.size(); ++next) {
    Resource below;
    below.space = at.space;
    below.path = at.path + path.names[next];
    below.name = path.names[next];
    if (!at.is_collection()) return below;
    TRY(auto found, at.special->member(context, at, path.names[next]));
    if (!found) return below;
    at = *std::move(found);
  }
  return at;
}

// A folder of somebody else that shows in the home, and what is in it.
Outcome<Resource> in_mount(Context& context, Resource mount, const Path& path) {
  if (path.names.size() == 1) return mount;
  TRY(const auto reader, context.reader(*mount.account));
  if (path.names.size() == 2) return in_folder(*reader, std::move(mount), path.names[1], true);
  mount.what = What::absent;
  mount.folder = nullptr;
  mount.path = path.text;
  return mount;
}

// The first collection below a home that is no home of files.
Outcome<Resource> in_home(Context& context, Resource home, const Path& path) {
  TRY(auto special, special_named(context, home, path.names[0]));
  if (special && special->what == What::collection) return in_mount(context, *std::move(special), path);
  if (special) return in_special(context, *std::move(special), path, 1);
  TRY(const auto reader, context.reader(*home.account));
  const Segments segments = segments_in(home.space, *reader->folders());
  const auto at = segments.find(path.names[0]);
  Resource out = home;
  out.path = home.path + path.names[0];
  out.name = path.names[0];
  if (at == segments.end() || !(reader->rights(at->second->id) & groupware::right::kShowing)) {
    out.what = What::absent;
    out.folder = nullptr;
    out.is_in_home = path.names.size() == 1;
    if (path.names.size() > 1) out.path = path.text;
    return out;
  }
  become_folder(out, at->second, path.names[0]);
  if (path.names.size() == 1) return out;
  if (path.names.size() == 2) return in_folder(*reader, std::move(out), path.names[1], true);
  out.what = What::absent;
  out.folder = nullptr;
  out.path = path.text;
  return out;
}

Outcome<Resource> in_files(Context& context, Resource home, const Path& path) {
  if (path.names.size() == 1) {
    TRY(auto special, special_named(context, home, path.names[0]));
    if (special) return *std::move(special);
  }
  TRY(const auto reader, context.reader(*home.account));
  Resource at = std::move(home);
  for (std::size_t i = 0; i < path.names.size(); ++i) {
    const bool is_last = i + 1 == path.names.size();
    if (!at.folder) break;
    TRY(at, in_folder(*reader, std::move(at), path.names[i], is_last));
    if (!at.is_there()) break;
    if (at.what == What::item) return at;
  }
  if (!at.is_there() && !at.folder) at.path = path.text;
  return at;
}

Outcome<Resource> home_of(Context& context, const Path& path, const directory::Principal& owner) {
  Resource home;
  home.what = What::home;
  home.space = path.space;
  home.owner = owner;
  home.path = std::string(kRoot) + std::string(name(path.space)) + "/" + path.address + "/";
  TRY(home.account, context.account(owner));
  TRY(const auto reader, context.reader(*home.account));
  if (path.space != Space::files) return home;
  // Of files the home is a folder itself. Whoever may see only some folders below it sees a home without items.
  const auto root = reader->folders()->by_role(groupware::FolderRole::files);
  if (root && root->kind == Kind::files) home.folder = root;
  if (home.folder && (reader->rights(home.folder->id) & groupware::right::kShowing)) home.what = What::collection;
  return home;
}

}  // namespace

Outcome<Resource> find(Context& context, std::string_view text) {
  Resource out;
  if (text == "/") {
    out.what = What::root;
    out.path = text;
    return out;
  }
  TRY(const Path path, parse_path(text));
  out.space = path.space;
  if (path.space == Space::none) {
    out.what = What::root;
    out.path = kRoot;
    return out;
  }
  if (path.space == Space::open) return deny(404, "there is nothing here");
  if (path.space == Space::attachments) return find_attachment(context, path);
  if (path.address.empty()) {
    out.what = path.space == Space::principals ? What::principals : What::homes;
    out.path = std::string(kRoot) + std::string(name(path.space)) + "/";
    return out;
  }
  const auto owner = context.services.directory.by_address(path.address);
  if (!owner || owner->tenant != context.user.tenant) return deny(404, "there is no such principal");
  if (path.space == Space::principals) {
    out.what = What::principal;
    out.owner = *owner;
    out.account = nullptr;
    out.path = std::string(kRoot) + "principals/" + path.address + "/";
    if (path.names.empty()) return out;
    TRY(auto special, special_named(context, out, path.names[0]));
    if (special) return in_special(context, *std::move(special), path, 1);
    return deny(404, "there is nothing here");
  }
  TRY(Resource home, home_of(context, path, *owner));
  if (path.names.empty()) return home;
  return path.space == Space::files ? in_files(context, std::move(home), path)
                                    : in_home(context, std::move(home), path);
}

Outcome<Resource> find_href(Context& context, std::string_view href) {
  TRY(const std::string path, wire::dav::decode_href(href, context.header("host")));
  return find(context, path);
}

}  // namespace kontor::dav
