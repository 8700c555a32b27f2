// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// What comes out fits the host, is the same whatever the pieces are, and does not change when it is done again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/mime/reencode.h"

namespace {

using namespace kontor;
using namespace kontor::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

Result<std::string> run(const std::string& message, Width width, std::size_t piece) {
  std::string out;
  const WholeMessage whole{message.size(), [&](std::uint64_t offset, std::size_t length) -> Result<std::string> {
                             require(offset < message.size());
                             return message.substr(offset, std::min(length, piece));
                           }};
  TRY_VOID(reencode(whole, width, [&](std::string_view bytes) -> Result<void> {
    out += bytes;
    return {};
  }));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const Width width = data[0] & 1 ? Width::seven_bit : Width::eight_bit;
  const std::size_t piece = 1 + data[0] / 2;
  const std::string message(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto whole = run(message, width, 1 << 20);
  const auto pieces = run(message, width, piece);
  require(whole.has_value() == pieces.has_value());
  if (!whole) {
    require(whole.error().code == Errc::invalid);
    return 0;
  }
  require(*whole == *pieces);
  for (std::size_t i = 0; i < whole->size(); ++i) {
    const char c = (*whole)[i];
    require(c != '\0' && (width == Width::eight_bit || static_cast<unsigned char>(c) < 0x80));
    if (c == '\n') require(i > 0 && (*whole)[i - 1] == '\r');
    if (c == '\r') require(i + 1 < whole->size() && (*whole)[i + 1] == '\n');
  }
  const auto again = run(*whole, width, 1 << 20);
  if (again) require(*again == *whole);
  return 0;
}
