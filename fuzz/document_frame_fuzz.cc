// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// Frames between the server and kontor-extract: the same whether they come in whole or in pieces, never beyond their
// limit, and what is written is what was read.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/document/frame.h"

namespace {

constexpr std::size_t kLargestBody = 1000;

// All complete frames, written again; "!" at the end where the rest is none.
std::string frames_of(std::string_view bytes, std::size_t piece) {
  namespace document = kontor::document;
  document::FrameReader reader(kLargestBody);
  std::string out;
  while (!bytes.empty()) {
    const auto used = reader.feed(bytes.substr(0, piece));
    if (!used) return out + "!";
    if (*used == 0 && !reader.is_complete()) std::abort();
    bytes.remove_prefix(*used);
    if (!reader.is_complete()) continue;
    const auto frame = reader.take();
    if (frame.body.size() > kLargestBody) std::abort();
    out += document::frame_head(frame.tag, frame.body.size()) + frame.body;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = frames_of(bytes, std::max<std::size_t>(bytes.size(), 1));
  if (whole != frames_of(bytes, 1U + data[0])) std::abort();
  std::string_view read(whole);
  if (read.ends_with('!')) read.remove_suffix(1);
  if (!bytes.starts_with(read)) std::abort();
  return 0;
}
