// SPDX-License-Identifier: AGPL-3.0-or-later
// Lines of text taken apart. What is given refers to what was.
#pragma once

#include <string_view>
#include <vector>

namespace kontor {

std::string_view trimmed(std::string_view text, std::string_view blanks);
// What stands between separators, but for what is empty.
std::vector<std::string_view> words_of(std::string_view text, char separator = ' ');

}  // namespace kontor
