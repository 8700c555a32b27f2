// SPDX-License-Identifier: AGPL-3.0-or-later
// Which members of a ZIP file hold a document's text, and how each is read.
#pragma once

#include <span>
#include <string_view>

#include "extract/xml_text.h"

namespace kontor::extract {

// A ZIP file is read once for each: what says most comes first, for the text may be cut.
enum class Turn : char { body, beside, numbers };
inline constexpr Turn kTurns[] = {Turn::body, Turn::beside, Turn::numbers};

enum class Reading : char { xml, html };

struct Member {
  std::string_view prefix, suffix;  // of its name
  Turn turn;
  Reading reading;
  std::span<const Element> meanings;  // of XML
};

// Null if the member of that name has no text. HTML is text only where the file is an e-book.
const Member* find_member(std::string_view name);

}  // namespace kontor::extract
