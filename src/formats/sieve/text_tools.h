// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: UTF-8 text measured and cut.
#pragma once

#include <string_view>

namespace kontor::sieve {

std::string_view cut_text(std::string_view text, std::size_t bytes);  // at most so many, never within a character
std::size_t characters(std::string_view text);

}  // namespace kontor::sieve
