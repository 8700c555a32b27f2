// SPDX-License-Identifier: AGPL-3.0-or-later
// UTF-16, in which poppler and RTF tell their characters.
#pragma once

#include <string>
#include <string_view>

namespace kontor::extract {

// A half without its other half becomes U+FFFD.
std::string utf16_to_utf8(std::u16string_view from);

}  // namespace kontor::extract
