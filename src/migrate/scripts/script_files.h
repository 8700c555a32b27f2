// SPDX-License-Identifier: AGPL-3.0-or-later
// Sieve scripts as Dovecot keeps them: a folder with NAME.sieve, and beside it ".dovecot.sieve", a link to the active
// one (or itself the only script).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/source.h"

namespace kontor::migrate {

// `path`: the folder, or the active script. Nothing there: no scripts. In the order of their names. Errors:
// unavailable.
Result<std::vector<SourceScript>> read_script_files(const std::string& path);

}  // namespace kontor::migrate
