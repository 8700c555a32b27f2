// SPDX-License-Identifier: AGPL-3.0-or-later
#include <algorithm>
#include <unordered_map>

#include "protocols/dav/acl.h"
#include "protocols/dav/attachments.h"
#include "protocols/dav/calendar.h"
#include "protocols/dav/calendar_limits.h"
#include "protocols/dav/card.h"
#include "protocols/dav/default_alarms.h"
#include "protocols/dav/family.h"
#include "protocols/dav/feeds.h"
#include "protocols/dav/mounts.h"
#include "protocols/dav/principals.h"
#include "protocols/dav/proxies.h"
#include "protocols/dav/scheduling.h"

#include "protocols/dav/sharing.h"

namespace kontor::dav {
namespace {

// One line each; the more special before the more general.
const Family* const kFamilies[] = {
    &mounts_family(),     &attachments_family(), &feeds_family(),  &default_alarms_family(), &calendar_limits_family(),
    &scheduling_family(), &calendar_family(),    &card_family(),   &principal_family(),      &acl_family(),
    &sharing_family(),    &proxy_family(),       &common_family(),
};

using Rows = std::unordered_map<std::string, std::vector<const Property*>>;

std::string key_of(xml::NameView name) { return std::string(name.space) + " " + std::string(name.local); }

const Rows& rows() {
  static const Rows kRows = [] {
    Rows out;
    for (const Family* family : families())
      for (const Property& property : family->properties) out[key_of(property.name)].push_back(&property);
    return out;
  }();
  return kRows;
}

}  // namespace

std::span<const Family* const> families() { return kFamilies; }

const Property* find_property(const Resource& resource, xml::NameView name) {
  const auto at = rows().find(key_of(name));
  if (at == rows().end()) return nullptr;
  for (const Property* row : at->second)
    if (row->scope.covers(resource)) return row;
  return nullptr;
}

bool is_protected(xml::NameView name) {
  const auto at = rows().find(key_of(name));
  return at != rows().end() && std::ranges::none_of(at->second, [](const Property* row) { return row->set; });
}

}  // namespace kontor::dav
