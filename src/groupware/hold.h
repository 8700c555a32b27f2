// SPDX-License-Identifier: AGPL-3.0-or-later
// Holds: while one is set on an account or its tenant, whatever is removed stays, however long ago that was and
// whatever the tenant's period is. Nobody sees it but administration; it does not count towards the quota. Held items
// are removed items (recovery.h) that are not purged: a hold costs nothing but a look at the directory where something
// is removed.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "directory/directory.h"
#include "groupware/account.h"

namespace kontor::groupware {

// In memory, never blocks.
bool is_held(const directory::Directory& directory, AccountId account);

struct HeldItems {
  std::uint64_t items = 0, bytes = 0;
};
// What was removed and is still there. Errors: denied, unavailable, corrupt.
Result<HeldItems> count_held(const Reader& reader);

}  // namespace kontor::groupware
