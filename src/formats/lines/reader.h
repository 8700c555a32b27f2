// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads content lines (RFC 5545 section 3.1, RFC 6350 section 3.2, and what vCard 2.1 and vCalendar 1.0 did otherwise)
// into components. Takes what programs really write: any line end, lines cut without being folded, quotes and charsets
// that are wrong, ENDs that are missing. What is lost or guessed at is told.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/lines/component.h"

namespace kontor::lines {

struct Limits {
  std::size_t bytes = std::size_t{20} << 20;
  std::size_t depth = 8;
  std::size_t components = 100'000;
  std::size_t properties = 2'000'000;
  std::size_t parameters = 500;   // of one property
  std::size_t parts = 4'000'000;  // all properties' parameters, and values of them, together
};

// Something that was not as the format wants it, and what was made of it.
struct Repair {
  std::size_t line = 0;  // from 1
  std::string text;
};

struct Read {
  std::vector<Component> components;
  std::vector<Repair> repairs;  // the first kMostRepairs
  bool is_truncated = false;    // an END is missing: the text may have been cut off
};

constexpr std::size_t kMostRepairs = 50;
// What no property can be made of is kept as the value of one of this name.
constexpr std::string_view kUnreadable = "X-KONTOR-UNREADABLE";

// `charset` is what the transport says ("" if nothing): else UTF-8, or UTF-16 by its mark; a line that is no UTF-8 and
// names no CHARSET is windows-1252. Errors, all naming the line: too_large (a limit), invalid (no BEGIN anywhere).
Result<Read> read(std::string_view bytes, std::string_view charset = {}, const Limits& limits = {});

}  // namespace kontor::lines
