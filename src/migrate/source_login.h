// SPDX-License-Identifier: AGPL-3.0-or-later
// Who logs in at a source that has logins, and with what.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "migrate/source.h"
#include "migrate/sources.h"

namespace kontor::migrate {

// One account for each user that the options name.
std::vector<SourceAccount> named_accounts(const SourceOptions& options);

// The user of that login, with the token that the token file has now, if that is what it logs in with. Errors:
// not_found, denied (the file cannot be read).
Result<SourceUser> source_login(const SourceOptions& options, std::string_view login);

}  // namespace kontor::migrate
