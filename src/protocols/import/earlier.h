// SPDX-License-Identifier: AGPL-3.0-or-later
// Ledgers of earlier versions, which kept all mail of a source under one name, whoever's login it was. Nothing there
// tells the login, and two logins' items can have the same keys: so somebody has to say whose mail it was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "groupware/account.h"

namespace kontor::importing {

enum class EarlierLedger : std::uint8_t {
  ask,    // nobody said: refused where there is one
  take,   // it is this login's: its records go on under the login's name
  leave,  // it is another login's: this one's mail is all new
};
std::optional<EarlierLedger> parse_earlier_ledger(std::string_view word);  // "take", "leave"; "" = ask

// Nothing to do for a source without a login, or where it was settled before. Several commits, each of which can be the
// last one: go on with `take` then. Errors: denied (somebody has to say), unavailable, corrupt.
Result<void> settle_earlier_ledger(groupware::Account& account, const std::string& source, EarlierLedger what);

}  // namespace kontor::importing
