// SPDX-License-Identifier: AGPL-3.0-or-later
// PDF, by poppler.
#pragma once

#include <string_view>

#include "base/result.h"
#include "extract/text.h"

namespace kontor::extract {

// Once, before the process locks itself in: poppler opens the C library's conversions between UTF-8 and UTF-16, which
// are files, each time it needs them, and finds those that are still open.
void prepare_pdf();

// Title, subject, keywords and author, then the pages in their order. Errors: invalid.
Result<void> read_pdf(std::string_view document, Text& text);

}  // namespace kontor::extract
