// SPDX-License-Identifier: AGPL-3.0-or-later
// When a message arrived, for sources that do not say.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace kontor::migrate {

// The newest Received field's date (they are added on top, but the newest counts wherever it stands), else Date.
std::optional<InternalDate> date_of_header(std::string_view header);

}  // namespace kontor::migrate
