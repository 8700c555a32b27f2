// SPDX-License-Identifier: AGPL-3.0-or-later
// Subscriptions to what is no folder of the account at the source: a mailbox of others, a folder that was removed.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "formats/archive/answer.h"
#include "groupware/account.h"

namespace kontor::importing {

// `paths` are all that the source's user has now. What is new at the source since the last pass is subscribed to here,
// what ended there ends here; what was changed here in between stays. Notes them in the ledger.
Result<void> take_subscriptions(groupware::Account& account, const std::string& source,
                                const std::vector<std::vector<std::string>>& paths);

// Adds to the answer how many of these there are here, and which are missing, or too many.
Result<void> compare_subscriptions(const groupware::Reader& reader, const std::string& source,
                                   const std::vector<std::vector<std::string>>& paths, archive::Answer& answer);

}  // namespace kontor::importing
