// SPDX-License-Identifier: AGPL-3.0-or-later
// An account's preferences as single settings that are followed.
#pragma once

#include <string>
#include <vector>

#include "formats/archive/answer.h"
#include "formats/archive/settings.h"
#include "groupware/account.h"
#include "protocols/import/traits.h"

namespace kontor::directory {
class Directory;
}

namespace kontor::importing {

// As they are to be here. Folders that did not come along are left out; what is lost with them goes into `damaged`.
Result<groupware::Preferences> preferences_of(const archive::Settings& settings, const groupware::Reader& reader,
                                              const std::string& source, const directory::Directory& directory,
                                              std::vector<archive::Quarantined>& damaged);
// Beginnings of the traits that the source says something of.
std::vector<std::string> preference_families(const archive::Settings& settings);

Traits traits_of(const groupware::Preferences& preferences);
// `here` with what the plan takes of `wanted`, and without what it drops.
groupware::Preferences merged(groupware::Preferences here, const groupware::Preferences& wanted, const TraitPlan& plan);

}  // namespace kontor::importing
