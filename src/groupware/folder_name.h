// SPDX-License-Identifier: AGPL-3.0-or-later
// What a folder's name may be.
#pragma once

#include <string>

#include "base/result.h"

namespace kontor::groupware {

// The name in NFC. Errors: invalid (not UTF-8, empty, above 255 bytes, "/" or a control character in it, or a blank at
// either end).
Result<std::string> check_folder_name(const std::string& name);

}  // namespace kontor::groupware
