// SPDX-License-Identifier: AGPL-3.0-or-later
// Sieve scripts from a source. What was changed here stays; the source's active script becomes active once, and only
// where none is.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "formats/archive/answer.h"
#include "formats/archive/record.h"
#include "groupware/account.h"

namespace kontor::importing {

// The answer is under archive::kScriptsKey. Scripts that cannot be kept here are quarantined in it.
Result<archive::Answer> take_scripts(groupware::Account& account, const std::string& source,
                                     const std::vector<archive::Script>& scripts);

// One line for each script that was brought: for verification.
Result<std::string> verify_scripts(groupware::Account& account, const std::string& source);

}  // namespace kontor::importing
