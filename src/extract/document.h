// SPDX-License-Identifier: AGPL-3.0-or-later
// The room of documents: PDF, office and e-book files become text for search. All of it runs in a process of its own
// (`kontor-extract`) behind sandbox.h, for documents come from anyone and their readers are large; nothing here is
// linked into the server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kontor::extract {

struct Limits {
  std::size_t text = 1 << 20;             // bytes of UTF-8; what is beyond is cut
  std::uint64_t unpacked = 256ULL << 20;  // bytes that come out of a ZIP file; the rest stays unread
  std::uint32_t members = 20'000;         // of a ZIP file; the rest stays unread
};

// The text of a document, whose kind its first bytes tell. A document that breaks off gives what came before. Errors:
// invalid (not such a document, or broken before any text came, or locked by a password).
Result<std::string> document_text(std::string_view document, const Limits& limits);

}  // namespace kontor::extract
