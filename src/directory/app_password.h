// SPDX-License-Identifier: AGPL-3.0-or-later
// App passwords: made by us, shown once, one for each device.
#pragma once

#include <string>
#include <string_view>

#include "directory/records.h"

namespace kontor::directory {

// 20 random base32 characters (100 bits) in groups of four: "abcd-efgh-ijkl-mnop-qrst".
std::string new_app_secret();

StoredAppPassword stored_app_password(const AppPassword& info, std::string_view secret);

// Takes the secret with or without the hyphens, with spaces in their place, in either case.
bool fits_app_password(const StoredAppPassword& stored, std::string_view typed);

// A secret that fits, as it was shown.
std::string shown_form(std::string_view typed);

}  // namespace kontor::directory
