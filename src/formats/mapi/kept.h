// SPDX-License-Identifier: AGPL-3.0-or-later
// Properties that no standard format has a home for, as they are kept with an item: bytes that say the same wherever
// and whenever they are written. docs/formats/mapi.md has the form.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "formats/mapi/property.h"

namespace kontor::mapi {

// Equal properties give equal bytes; none give "".
std::string keep(const Properties& properties);
// Errors: corrupt (not of this form, or cut off), too_large (a limit).
Result<Properties> read_kept(std::string_view bytes, const Limits& limits = {});

}  // namespace kontor::mapi
