// SPDX-License-Identifier: AGPL-3.0-or-later
// Where the mail of many users lies: paths with "%u", "%n" and "%d" in them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "migrate/sources.h"

namespace kontor::migrate {

// The user's address at the target: what was given, or the login, with the default domain if it has none.
std::string target_address(const SourceUser& user, const SourceOptions& options);

bool is_pattern(std::string_view path);
// "%u" = the login, "%n" and "%d" = its parts before and after the first "@", "%%" = "%".
std::string fill_pattern(std::string_view pattern, std::string_view login);

struct UserPlace {
  SourceUser user;
  std::string path;
};

// The users that are given, or else everybody for whom the pattern's path exists on the disk, in order of their logins.
// Errors: not_found (there is nothing at all), invalid (a path without pattern and not one user to whom it belongs).
Result<std::vector<UserPlace>> find_places(const SourceOptions& options);
// The same as the accounts of a source.
Result<std::vector<SourceAccount>> accounts_at(const SourceOptions& options);

}  // namespace kontor::migrate
