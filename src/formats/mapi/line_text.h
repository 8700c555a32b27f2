// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: text of properties, which may hold anything, for content lines and for reports.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

#include "formats/lines/component.h"

namespace kontor::mapi {

// Without control characters; at most so many bytes, cut between characters.
inline std::string one_line(std::string_view text, std::size_t most = std::string_view::npos) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
  if (out.size() <= most) return out;
  while (most > 0 && (static_cast<unsigned char>(out[most]) & 0xC0U) == 0x80U) --most;
  out.resize(most);
  return out;
}

// Escaped as TEXT; of control characters only line ends and tabs stay.
inline std::string line_text(std::string_view text) {
  std::string out = lines::escape(text);
  std::erase_if(out, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; });
  return out;
}

}  // namespace kontor::mapi
