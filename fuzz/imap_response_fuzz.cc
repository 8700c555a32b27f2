// SPDX-License-Identifier: AGPL-3.0-or-later
// links: wire
// Server responses: whatever way the bytes are cut into pieces, the same must be heard.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/imap/response.h"

namespace {

using kontor::wire::imap::client::ResponseParser;

std::string hear(std::string_view bytes, std::size_t chunk) {
  ResponseParser parser({.line = 1 << 16, .literal = 1 << 12, .depth = 16});
  std::string heard;
  std::uint64_t announced = 0, got = 0;
  while (!bytes.empty()) {
    auto piece = bytes.substr(0, chunk);
    bytes.remove_prefix(piece.size());
    for (auto step = parser.next(piece); step != ResponseParser::Step::need_more; step = parser.next(piece)) {
      if (step == ResponseParser::Step::broken) return heard + "!";
      if (step == ResponseParser::Step::body_start) announced = parser.body().size, got = 0, heard += "<";
      if (step == ResponseParser::Step::body_piece) got += parser.piece().size(), heard.append(parser.piece());
      if (step == ResponseParser::Step::body_end) {
        if (got != announced) std::abort();
        heard += ">";
      }
      if (step == ResponseParser::Step::response) {
        heard += parser.response().tag + "#" + std::to_string(parser.response().data.index());
        if (const auto* fetch = std::get_if<kontor::wire::imap::client::Fetch>(&parser.response().data))
          heard += std::to_string(fetch->uid) + fetch->body + fetch->header;
      }
    }
    if (!piece.empty()) std::abort();
  }
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = hear(bytes, size + 1);
  auto split = hear(bytes, 3);
  // A stream that breaks may do so a piece earlier or later; what was heard before must agree.
  if (whole.ends_with('!') || split.ends_with('!')) return 0;
  if (whole != split) std::abort();
  return 0;
}
