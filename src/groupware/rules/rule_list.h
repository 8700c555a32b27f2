// SPDX-License-Identifier: AGPL-3.0-or-later
// An account's rules: a script of its own among the others, made and read by formats/sieve/rules.h.
#pragma once

#include <functional>

#include "formats/sieve/rules.h"
#include "groupware/account.h"
#include "groupware/rules/scripts.h"

namespace kontor::groupware {

// None, if there are no rules. Errors: denied; conflict (somebody stored another script under their name).
Result<sieve::RuleList> account_rules(const Reader& reader);

// Changes the rules and makes them count. A script that was active until now goes on: it becomes the last rule. Where
// nothing else is left but such a rule, that script is active by itself again. Errors: invalid (rules that make no
// sense or cannot run here; what `change` returned), denied, over_quota, too_large.
Result<void> change_rules(Account& account, const Caller& caller, Sending sending,
                          const std::function<Result<void>(sieve::RuleList&)>& change);

}  // namespace kontor::groupware
