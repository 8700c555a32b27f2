// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// A preview is one short line of UTF-8, whatever the message is.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/mime/decode.h"
#include "formats/mime/html_text.h"
#include "formats/mime/preview.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kontor::mime;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string found = preview(text);
  std::size_t characters = 0;
  for (const char c : found) {
    require(static_cast<unsigned char>(c) >= 0x20);
    characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  }
  require(characters <= kPreviewCharacters);
  require(to_utf8(found, "utf-8").text == found);
  // No character reference makes more than it takes.
  require(html_text(text, size + 1).size() <= size);
  return 0;
}
