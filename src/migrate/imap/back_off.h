// SPDX-License-Identifier: AGPL-3.0-or-later
// Servers that ask to be left alone for a while.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace kontor::migrate {

// Whether a refusal is only about too much being asked for, and for how long (0 = not said). Nothing if it is about
// something else.
std::optional<std::chrono::milliseconds> read_throttling(std::string_view text);

// The sentence with the time in a form that read_back_off finds again.
std::string with_back_off(std::string_view text, std::chrono::milliseconds time);
std::optional<std::chrono::milliseconds> read_back_off(std::string_view text);

}  // namespace kontor::migrate
