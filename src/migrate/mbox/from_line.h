// SPDX-License-Identifier: AGPL-3.0-or-later
// The line that begins each message of an mbox: "From sender Sat Jan  3 01:05:34 1996".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace kontor::migrate {

struct FromLine {
  std::string sender;  // may hold blanks; "-" = a mail program's own copy
  InternalDate date;   // UTC where no zone is stated
};

// Without its line end. Nothing if it is no such line: without a date in asctime form it is somebody's prose.
std::optional<FromLine> parse_from_line(std::string_view line);

}  // namespace kontor::migrate
