// SPDX-License-Identifier: AGPL-3.0-or-later
// mboxrd: a line that begins with any number of ">" and "From " got one more of them when it was written.
#pragma once

#include <string>
#include <string_view>

#include "migrate/source.h"

namespace kontor::migrate {

// ">From ", ">>From " ...
bool is_quoted_from(std::string_view line);

class FromUnquoter {
 public:
  explicit FromUnquoter(const TakePiece& take) : take_(take) {}
  Result<void> write(std::string_view piece);
  Result<void> finish();

 private:
  const TakePiece& take_;
  std::string held_;  // the start of a line, while it may be one that was quoted
  std::string out_;
  bool at_start_ = true;
};

}  // namespace kontor::migrate
