// SPDX-License-Identifier: AGPL-3.0-or-later
// CSV files (RFC 4180), separated by "," or, where the first line has none, by ";".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kontor::migrate {

struct CsvLine {
  int number = 0;  // from 1 on; a quoted line end does not count
  std::vector<std::string> fields;
};

// Without lines of blanks. Errors: invalid (a quoted field that does not end).
Result<std::vector<CsvLine>> parse_csv(std::string_view text);

}  // namespace kontor::migrate
