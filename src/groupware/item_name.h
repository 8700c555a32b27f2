// SPDX-License-Identifier: AGPL-3.0-or-later
// The names of items of other kinds than mail (Filing::name).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kontor::groupware {

constexpr std::size_t kLongestItemName = 255;

// 1 to 255 bytes of UTF-8, kept as they came, without "/" and control characters; not "." or "..". Errors: invalid.
Result<void> check_item_name(std::string_view name);
// The next name to try where `name` is taken: "report.pdf", 2 → "report-2.pdf". At most 255 bytes.
std::string numbered_item_name(std::string_view name, std::size_t number);
// A sound name like `text`, which is anything: what may not be in one becomes "-"; "item" where nothing is left.
std::string sound_item_name(std::string_view text, std::string_view extension);

}  // namespace kontor::groupware
