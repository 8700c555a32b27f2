// SPDX-License-Identifier: AGPL-3.0-or-later
// Comparators (RFC 4790): what is equal, what is before what.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "formats/sieve/program.h"

namespace kontor::sieve {

std::optional<Comparator> find_comparator(std::string_view name);
Capability capability_of(Comparator comparator);

// Two texts are equal under a comparator (but for the numeric one) if and only if their folded forms are the same
// bytes.
std::string fold(Comparator comparator, std::string_view text);

// Below, at or above zero. Both are folded, or as they are for i;ascii-numeric (RFC 4790 section 9.1).
int order(Comparator comparator, std::string_view a, std::string_view b);

bool holds(Relation relation, int order);
std::optional<Relation> find_relation(std::string_view name);

}  // namespace kontor::sieve
