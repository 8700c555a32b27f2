// SPDX-License-Identifier: AGPL-3.0-or-later
// Settings of Kopano's WebApp: one JSON document on the store, of which we know what is useful here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/archive/settings.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

struct WebAppWorld {
  std::string owner_name, owner_address;
  std::function<std::optional<std::string>(std::string_view login)> address_of_login;
};

// Puts signatures, identities, categories, language, opened stores and what else of it may be of use into `settings`.
// What is no such document, or not exactly as it was, is named in `losses`. The document may be of any size and depth;
// 8 MiB and 40 levels are read.
void take_webapp_settings(std::string_view json, const WebAppWorld& world, archive::Settings& settings,
                          std::vector<SettingLoss>& losses);

// "de_DE.UTF-8" as BCP 47 says it: "de-DE"; "" if it is no language.
std::string language_of_locale(std::string_view locale);

}  // namespace kontor::migrate::kopano
