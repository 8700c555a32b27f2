// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: whether two texts were one before a source stored one of them, which may have lost characters
// (those beyond the BMP, bytes of unknown charsets), blanks and line ends.
#pragma once

#include <string>
#include <string_view>

namespace kontor::mapi {

// What of UTF-8 text no source changes: no blanks, controls, U+FFFD, "?" (their stand-in in many charsets) or
// characters beyond the BMP. At most `most` bytes of it.
std::string lasting_text(std::string_view text, std::size_t most);
// The ASCII letters and digits of it: all that is left of text whose charset was lost.
std::string ascii_words(std::string_view text, std::size_t most);

// By what lasts; by ASCII alone, where either has characters that were lost.
bool is_same_text(std::string_view stored, std::string_view original, std::size_t most);

}  // namespace kontor::mapi
