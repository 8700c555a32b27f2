// SPDX-License-Identifier: AGPL-3.0-or-later
// What a script's name may be.
#pragma once

#include <string_view>

namespace kontor::groupware {

// RFC 5804 section 1.6: 1 to 512 bytes of UTF-8 without control characters and line separators.
bool is_script_name(std::string_view name);

}  // namespace kontor::groupware
