// SPDX-License-Identifier: AGPL-3.0-or-later
// The text of Rich Text Format (RTF 1.9.1).
#pragma once

#include <string_view>

#include "base/result.h"
#include "extract/text.h"

namespace kontor::extract {

// Fonts, styles, pictures, embedded objects and field instructions are left out. Time is linear; groups may nest 1000
// deep. Errors: invalid; the text before is kept.
Result<void> read_rtf(std::string_view document, Text& text);

}  // namespace kontor::extract
