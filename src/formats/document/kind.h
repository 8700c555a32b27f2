// SPDX-License-Identifier: AGPL-3.0-or-later
// Which attachments are documents whose text can be had.
#pragma once

#include <string_view>

namespace kontor::document {

// PDF, RTF, and what is XML in a ZIP file: OOXML (docx, xlsx, pptx), OpenDocument (odt, ods, odp, odg), EPUB. By the
// media type; by the file name's ending where the type is one that senders use for anything. Neither is believed when
// the document is read. Case does not matter.
bool is_readable(std::string_view type, std::string_view file_name);

}  // namespace kontor::document
