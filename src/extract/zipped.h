// SPDX-License-Identifier: AGPL-3.0-or-later
// Documents that are XML in a ZIP file (OOXML, OpenDocument, EPUB), by libarchive.
#pragma once

#include <string_view>

#include "base/result.h"
#include "extract/document.h"
#include "extract/text.h"

namespace kontor::extract {

// Errors: invalid (not such a document, broken, or locked by a password); the text before is kept.
Result<void> read_zipped(std::string_view document, const Limits& limits, Text& text);

}  // namespace kontor::extract
