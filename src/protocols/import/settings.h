// SPDX-License-Identifier: AGPL-3.0-or-later
// An account's settings at the source, done here: each once for each change of it there, and none that was changed here
// since it came.
#pragma once

#include <string>

#include "base/result.h"
#include "directory/directory.h"
#include "formats/archive/answer.h"
#include "formats/archive/settings.h"
#include "groupware/account.h"

namespace kontor::importing {

// The answer is under archive::kSettingsKey; what cannot be done here as it is at the source is named as damaged in it.
// After the account's folders, which settings name. Errors: conflict (somebody changes them now: come again),
// unavailable, corrupt.
Result<archive::Answer> take_settings(groupware::Account& account, directory::Directory& directory, PrincipalId owner,
                                      const std::string& source, const archive::Settings& settings);

// How many of the source's settings are here as they came (Counts::present), and what is different, and since when.
// What cannot be here is not compared, nor the password, which is the one here from the first login on. Changes
// nothing. Errors: corrupt, unavailable.
Result<archive::Answer> compare_settings(const groupware::Reader& reader, const directory::Directory& directory,
                                         PrincipalId owner, const std::string& source,
                                         const archive::Settings& settings);

}  // namespace kontor::importing
