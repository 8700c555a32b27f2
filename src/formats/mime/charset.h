// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only, but for is_utf8.
#pragma once

#include <string>
#include <string_view>

namespace kontor::mime {

// Appends `bytes` as they are if they are UTF-8, else read as windows-1252: text of which nothing says what it is.
void append_guessed(std::string_view bytes, std::string& out);

bool is_utf8(std::string_view bytes);

}  // namespace kontor::mime
