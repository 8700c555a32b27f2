// SPDX-License-Identifier: AGPL-3.0-or-later
// The text of documents that mail carries as attachments (PDF, office formats), for search.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kontor::groupware {

// Thread-safe.
class Extractor {
 public:
  virtual ~Extractor() = default;

  // Whether it reads documents of this media type ("application/pdf", lower case) or, where the type says nothing
  // ("application/octet-stream"), of this file name. Text and HTML parts are not its matter.
  virtual bool takes(std::string_view type, std::string_view file_name) const = 0;

  // The document's text in UTF-8, cut where it gets too long; the same document gives the same text. Blocks, within a
  // time limit. Errors: invalid (not such a document, broken, or locked by a password), too_large (more work than is
  // allowed), unavailable (no text for now; another time it may work).
  virtual Result<std::string> text(std::string_view type, std::string_view file_name, std::string_view document) = 0;
};

}  // namespace kontor::groupware
