// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats_mapi formats base
// Compressed RTF keeps its limit, and so does the part of it that comes first; a body is UTF-8 and no larger than its
// RTF can make it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/mapi/rtf_body.h"
#include "formats/mapi/rtf_compressed.h"
#include "formats/mime/charset.h"

namespace {

using namespace kontor;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_body(std::string_view rtf) {
  const mapi::RtfBody body = mapi::read_rtf_body(rtf);
  require(mime::is_utf8(body.text) && body.text.size() <= 8 * rtf.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLimit = 64 << 10;
  const std::string_view bytes(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, kLimit));
  check_body(bytes);
  if (const auto found = mapi::decompress_rtf(bytes, kLimit)) {
    require(found->rtf.size() <= kLimit);
    check_body(found->rtf);
  }
  return 0;
}
