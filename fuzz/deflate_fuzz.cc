// SPDX-License-Identifier: AGPL-3.0-or-later
// links: net
// What a compressed connection brings: the same comes out whole and in pieces, with rests and without.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "net/deflate.h"

using namespace kontor::net;

namespace {

constexpr std::size_t kEnough = 1 << 20;

// What came out until it broke off, if it did.
std::string inflate_in(std::string_view bytes, std::size_t piece, bool rests) {
  Inflater inflater;
  std::string out, room(piece, '\0');
  try {
    do {
      const auto step = inflater.add(bytes.substr(0, piece), room);
      if (step.made > room.size() || step.taken > bytes.size()) std::abort();
      bytes.remove_prefix(step.taken);
      out.append(room, 0, step.made);
      if (rests) inflater.rest();
      if (step.taken == 0 && step.made == 0 && !bytes.empty()) break;
    } while ((!bytes.empty() || inflater.may_hold_more()) && out.size() < kEnough);
  } catch (const Disconnected&) {
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = inflate_in(bytes, 4096, false);
  const auto rested = inflate_in(bytes, 4096, true);
  const auto pieces = inflate_in(bytes, 13, true);
  const std::size_t same = std::min({whole.size(), rested.size(), pieces.size()});
  if (whole.compare(0, same, rested, 0, same) != 0 || whole.compare(0, same, pieces, 0, same) != 0) std::abort();
  Deflater deflater;
  std::string pressed;
  deflater.add(bytes, pressed);
  if (!bytes.empty() && inflate_in(pressed, 4096, false) != bytes) std::abort();
  return 0;
}
