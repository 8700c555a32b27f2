// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: one rule as JSON, and what makes no sense in one.
#pragma once

#include <string>
#include <string_view>

#include "formats/sieve/rules.h"

namespace kontor::sieve {

std::string rule_to_json(const Rule& rule);
Result<Rule> rule_of_json(std::string_view text);  // errors: invalid

// Empty, or a sentence: addresses that are none, folders without a name ...
std::string fault_of(const Rule& rule);

}  // namespace kontor::sieve
