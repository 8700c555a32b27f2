// SPDX-License-Identifier: AGPL-3.0-or-later
// Where a script is wrong, and what to do about it.
#pragma once

#include <cstdint>
#include <string>

namespace kontor::sieve {

// Both count from 1; columns are characters, not bytes.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

struct Fault {
  Position at;
  std::string text;  // one sentence for the script's author
};

std::string text_of(const Fault& fault);  // "line 3, column 7: ..."

}  // namespace kontor::sieve
