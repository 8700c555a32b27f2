// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/same_text.h"

namespace kontor::mapi {
namespace {

constexpr std::string_view kLost = "\xEF\xBF\xBD";
constexpr std::string_view kNoBreakSpace = "\xC2\xA0";

}  // namespace

std::string lasting_text(std::string_view text, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < most;) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t size = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    const std::string_view one = text.substr(i, size);
    i += size;
    if (byte <= 0x20 || byte == 0x7F || byte == '?' || size == 4 || one == kLost || one == kNoBreakSpace) continue;
    out += one;
  }
  return out;
}

std::string ascii_words(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text) {
    if (out.size() >= most) break;
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) out += c;
  }
  return out;
}

bool is_same_text(std::string_view stored, std::string_view original, std::size_t most) {
  if (lasting_text(stored, most) == lasting_text(original, most)) return true;
  if (!stored.contains(kLost) && !original.contains(kLost)) return false;
  return ascii_words(stored, most) == ascii_words(original, most);
}

}  // namespace kontor::mapi
