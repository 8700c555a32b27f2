// SPDX-License-Identifier: AGPL-3.0-or-later
// links: wire
// Heads, targets and chunked bodies of HTTP. What a chunked body decodes to must not depend on how it was cut.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/http/chunked.h"
#include "wire/http/head.h"

using namespace kontor::wire::http;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

struct Decoded {
  std::string content;
  std::size_t used = 0;
  bool is_done = false;
  bool is_bad = false;
};

Decoded decode(std::string_view bytes, std::size_t piece) {
  Decoded out;
  ChunkDecoder decoder;
  while (out.used < bytes.size() && !decoder.is_done() && !decoder.is_bad())
    out.used += decoder.feed(bytes.substr(out.used, piece), out.content);
  out.is_done = decoder.is_done();
  out.is_bad = decoder.is_bad();
  return out;
}

void check_head(std::string_view bytes) {
  std::size_t size = head_size(bytes, 0);
  require(size <= bytes.size());
  auto head = parse_head(size > 0 ? bytes.substr(0, size) : bytes);
  if (!head) {
    require(head.error().status >= 400 && head.error().status < 600);
    return;
  }
  require(size > 0 && head->headers.size() <= kMaxHeaders && head->target.size() <= kMaxTarget);
  require((head->framing == Framing::counted) == (head->length > 0));
  for (const auto& [name, value] : head->headers)
    require(!name.empty() && value.find_first_of("\r\n") == std::string::npos);
  if (auto target = parse_target(head->target)) {
    require(target->path == "*" || target->path.starts_with('/'));
    require(target->path.find('\0') == std::string::npos && target->path.find("/../") == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_head(bytes);
  check_head(std::string(bytes) + "\r\n\r\n");
  Decoded whole = decode(bytes, std::max<std::size_t>(size, 1));
  for (std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{64}}) {
    Decoded cut = decode(bytes, piece);
    require(cut.is_done == whole.is_done && cut.is_bad == whole.is_bad);
    require(cut.content == whole.content && cut.used == whole.used);
  }
  require(whole.content.size() <= size);
  if (size > 0) {
    Decoded again = decode(encode_chunk(bytes) + std::string(kLastChunk), 7);
    require(again.is_done && again.content == bytes);
  }
  return 0;
}
