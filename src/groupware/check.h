// SPDX-License-Identifier: AGPL-3.0-or-later
// The account half of `kontor check`: every invariant of an account's records, and their repair.
#pragma once

#include "groupware/environment.h"

namespace kontor::groupware {

// Runs a repair while the account takes no updates.
using Exclusively = std::function<Result<void>(AccountId, const std::function<Result<void>()>&)>;

// All accounts and blobs. Reads each account from one snapshot; with `repair`, an account with faults is read again and
// put right while it takes no updates. Errors: unavailable (the store), never faults of what is stored.
Result<CheckReport> check_accounts(Environment& environment, const CheckOptions& options,
                                   const Exclusively& exclusively);

}  // namespace kontor::groupware
