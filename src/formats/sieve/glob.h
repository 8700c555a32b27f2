// SPDX-License-Identifier: AGPL-3.0-or-later
// ":matches" (RFC 5228 section 2.7.1): "*" for any characters, "?" for one, a backslash before what means itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "formats/sieve/program.h"

namespace kontor::sieve {

// What each wildcard stood for, as parts of `value`, each as short as it can be (RFC 5229 section 3.2); nothing if the
// whole value does not match. Time is linear in the value: each stretch between stars is looked for once, forward; one
// that holds "?" costs the length of the value for each 64 characters of it. `cost` grows by the characters looked at.
std::optional<std::vector<std::string_view>> match_glob(Comparator comparator, std::string_view value,
                                                        std::string_view pattern, std::uint64_t& cost);

}  // namespace kontor::sieve
