// SPDX-License-Identifier: AGPL-3.0-or-later
// Search folders as saved searches, and what stands among the favourites.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/archive/settings.h"
#include "formats/mapi/property.h"
#include "formats/mapi/restriction.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

struct SearchFolder {
  std::uint32_t id = 0;
  std::string name;
  std::string criteria;  // XML
};
// `folder_of`: the key of a folder by its entry id; nothing: it does not come along.
using FolderOfEntry = std::function<std::optional<std::string>(std::string_view entry)>;

// Nothing: it does not come along, and `losses` say why.
std::optional<archive::SavedSearch> search_of(const SearchFolder& folder, const mapi::NameOfNumber& name_of,
                                              const FolderOfEntry& folder_of, std::vector<SettingLoss>& losses);

// Of a link among the favourites (IPM.Microsoft.WunderBar.Link). `owner_of`: whose the store with that GUID is.
std::optional<archive::Favourite> favourite_of(const mapi::Properties& link, const FolderOfEntry& folder_of,
                                               const std::function<std::string(std::string_view store_guid)>& owner_of,
                                               std::vector<SettingLoss>& losses);

}  // namespace kontor::migrate::kopano
