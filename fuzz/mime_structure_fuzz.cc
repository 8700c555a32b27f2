// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// A message in pieces has the structure that it has at once; parts lie inside their parents; the summary is sound.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/mime/entity_text.h"
#include "formats/mime/parser.h"
#include "formats/mime/summary.h"

namespace {

using namespace kontor::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const Entity& entity, std::size_t depth, const Limits& limits) {
  require(depth <= limits.depth);
  require(entity.header_offset + entity.header_size == entity.body_offset);
  require(entity.body_lines <= entity.body_size);
  const std::uint64_t end = entity.body_offset + entity.body_size;
  std::uint64_t from = entity.body_offset;
  for (const Entity& part : entity.parts) {
    require(part.header_offset >= from);
    from = part.body_offset + part.body_size;
    require(from <= end);
    check(part, depth + 1, limits);
  }
  if (!entity.message) return;
  require(entity.parts.empty() && entity.message->envelope != nullptr);
  require(entity.message->header_offset == entity.body_offset);
  require(entity.message->body_offset + entity.message->body_size == end);
  check(*entity.message, depth + 1, limits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Limits limits;
  limits.depth = 1 + data[0] % 16;
  limits.parts = 1 + data[0] / 16;
  limits.addresses = 8;
  if (data[1] & 0x80) limits.header_bytes = 64;
  const std::size_t piece = 1 + (data[1] & 0x7f);
  const std::string message(reinterpret_cast<const char*>(data + 2), size - 2);

  const Entity whole = parse(message, limits);
  require(whole.header_size + whole.body_size == message.size());
  check(whole, 1, limits);

  Parser parser(limits);
  for (std::size_t at = 0; at < message.size(); at += piece) {
    const std::string copy = message.substr(at, piece);  // so that looking beyond a piece is seen
    parser.feed(copy);
  }
  const Entity pieces = parser.finish();
  require(text_of(pieces) == text_of(whole));
  require(message.starts_with(parser.top_header()));
  require(is_sound_summary(summarize(whole, parser.top_header()).summary));
  return 0;
}
