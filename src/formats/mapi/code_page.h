// SPDX-License-Identifier: AGPL-3.0-or-later
// Text of Windows: code pages by number (PidTagInternetCodepage, \ansicpg) and UTF-16LE.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kontor::mapi {

// What formats/mime knows it by: "windows-1252", "iso-8859-15", "utf-8", "cp932"; "" for 0 and what is none.
std::string charset_of_code_page(std::int64_t page);
// As UTF-8, always valid. A page of 0 or unknown: UTF-8 if it is that, else windows-1252.
std::string decode_page(std::string_view bytes, std::int64_t page);

// An odd last byte is left out; half surrogates become U+FFFD.
std::string utf8_of_utf16le(std::string_view bytes);
std::string utf16le_of_utf8(std::string_view text);

}  // namespace kontor::mapi
