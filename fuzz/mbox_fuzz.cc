// SPDX-License-Identifier: AGPL-3.0-or-later
// links: migrate
// mbox files: messages lie inside the file, in order, apart from each other, each under a key of its own; and what the
// unquoter gives does not depend on how its input is cut.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "migrate/mbox/index.h"
#include "migrate/mbox/unquote.h"

namespace {

std::string unquote(std::string_view bytes, std::size_t chunk) {
  std::string out;
  const kontor::migrate::TakePiece take = [&](std::string_view piece) -> kontor::Result<void> {
    out.append(piece);
    return {};
  };
  kontor::migrate::FromUnquoter unquoter(take);
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, chunk);
    bytes.remove_prefix(piece.size());
    if (!unquoter.write(piece)) std::abort();
  }
  if (!unquoter.finish()) std::abort();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const kontor::migrate::ReadAt read = [&](std::uint64_t offset, char* into,
                                           std::size_t wanted) -> kontor::Result<std::size_t> {
    if (offset >= bytes.size()) return std::size_t{0};
    // Short reads are allowed.
    const auto count = std::min<std::size_t>({wanted, bytes.size() - static_cast<std::size_t>(offset), 61});
    std::memcpy(into, bytes.data() + offset, count);
    return count;
  };
  if (const auto index = kontor::migrate::index_mbox(read)) {
    std::uint64_t end = 0;
    for (const auto& message : index->messages) {
      if (message.offset < end || message.offset > size || message.size > size - message.offset) std::abort();
      end = message.offset + message.size;
    }
    if (index->by_key.size() != index->messages.size()) std::abort();
  }
  const auto whole = unquote(bytes, size + 1);
  if (whole != unquote(bytes, 2) || whole.size() > size) std::abort();
  return 0;
}
