// SPDX-License-Identifier: AGPL-3.0-or-later
// The numbers that Kopano and Zarafa give to named properties (the same in all installations for the sets their client
// library knows; else one more than 0x8500 and the row of the database's table `names`).
#pragma once

#include <cstdint>
#include <optional>

#include "formats/mapi/property.h"

namespace kontor::mapi {

constexpr std::uint32_t kFirstKopanoName = 0x8501;  // and the row's id, which begins with 1

// The name of `number` if it is of a fixed range: 0x8000 to 0x8380. Nothing for others.
std::optional<Tag> kopano_fixed_name(std::uint32_t number);
// And back; nothing for what has a row.
std::optional<std::uint32_t> kopano_fixed_number(const Tag& tag);

}  // namespace kontor::mapi
