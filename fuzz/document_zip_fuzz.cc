// SPDX-License-Identifier: AGPL-3.0-or-later
// links: extract formats base
// Documents in ZIP files and RTF: text stays valid UTF-8 within its limit, and the same document gives the same text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "extract/document.h"
#include "formats/mime/charset.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view document(reinterpret_cast<const char*>(data), size);
  if (!document.starts_with("PK\x03\x04") && !document.starts_with("{\\rtf")) return 0;  // PDF is poppler's
  kontor::extract::Limits limits;
  limits.text = 1000;
  limits.unpacked = 1 << 20;
  limits.members = 100;
  const auto text = kontor::extract::document_text(document, limits);
  if (!text) return 0;
  if (text->size() > limits.text || !kontor::mime::is_utf8(*text)) std::abort();
  const auto again = kontor::extract::document_text(document, limits);
  if (!again || *again != *text) std::abort();
  return 0;
}
