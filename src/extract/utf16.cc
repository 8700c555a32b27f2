// SPDX-License-Identifier: AGPL-3.0-or-later
#include "extract/utf16.h"

namespace kontor::extract {
namespace {

bool is_high(char32_t c) { return c >= 0xD800 && c < 0xDC00; }
bool is_low(char32_t c) { return c >= 0xDC00 && c < 0xE000; }

void append_utf8(char32_t c, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

std::string utf16_to_utf8(std::u16string_view from) {
  std::string out;
  out.reserve(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    char32_t c = from[i];
    if (is_high(c) && i + 1 < from.size() && is_low(from[i + 1]))
      c = 0x10000 + ((c - 0xD800) << 10) + (from[++i] - 0xDC00U);
    else if (is_high(c) || is_low(c))
      c = 0xFFFD;
    append_utf8(c, out);
  }
  return out;
}

}  // namespace kontor::extract
