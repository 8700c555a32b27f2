// SPDX-License-Identifier: AGPL-3.0-or-later
// Compressed RTF (PidTagRtfCompressed, [MS-OXRTFCP]): LZFu, and MELA, which is not compressed at all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kontor::mapi {

constexpr std::size_t kLargestRtf = std::size_t{64} << 20;

struct Decompressed {
  std::string rtf;
  bool is_damaged = false;  // cut off, or its check sum is wrong: what could be read
};

// What needs no more than `limit` bytes. Errors: corrupt (neither form), too_large.
Result<Decompressed> decompress_rtf(std::string_view bytes, std::size_t limit = kLargestRtf);

}  // namespace kontor::mapi
