// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/resource.h"

#include "protocols/dav/sharing.h"

namespace kontor::dav {

bool Resource::is_collection() const {
  if (what == What::special) return special->is_collection();
  return what != What::item && what != What::absent;
}

Outcome<const groupware::Item*> Resource::item(Context& context) const {
  if (!read_item) {
    TRY(const auto reader, context.reader(*account));
    TRY(read_item, reader->item(entry->item));
  }
  return &*read_item;
}

std::uint32_t Resource::rights(Context& context) const {
  if (!folder || !account) return 0;
  const auto reader = context.reader(*account);
  return reader ? (*reader)->rights(folder->id) : 0;
}

bool Scope::covers(const Resource& resource) const {
  if (!(whats & on(resource.what)) || !(spaces & in(resource.space))) return false;
  if (is_of_mounts && !is_mount(resource)) return false;
  return !resource.folder || (kinds & of(resource.folder->kind));
}

std::string principal_path(const directory::Principal& principal) { return home_path(Space::principals, principal); }

std::string home_path(Space space, const directory::Principal& principal) {
  return std::string(kRoot) + std::string(name(space)) + "/" + principal.primary_address() + "/";
}

}  // namespace kontor::dav
