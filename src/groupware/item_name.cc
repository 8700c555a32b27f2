// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/item_name.h"

#include <fmt/format.h>
#include <unicode/utf8.h>

#include <cstdint>

namespace kontor::groupware {
namespace {

bool is_forbidden(unsigned char c) { return c < 0x20 || c == 0x7f || c == '/'; }

// At most `longest` bytes of it, cut between characters.
std::string_view shortened(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && U8_IS_TRAIL(static_cast<std::uint8_t>(text[longest]))) --longest;
  return text.substr(0, longest);
}

bool is_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t at = 0; at < size;) {
    UChar32 c = 0;
    U8_NEXT(bytes, at, size, c);
    if (c < 0) return false;
  }
  return true;
}

}  // namespace

Result<void> check_item_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestItemName) return fail(Errc::invalid, "an item's name has 1 to 255 bytes");
  if (name == "." || name == "..") return fail(Errc::invalid, "an item's name cannot be \".\" or \"..\"");
  for (const char c : name)
    if (is_forbidden(static_cast<unsigned char>(c)))
      return fail(Errc::invalid, "an item's name must not have slashes or control characters");
  if (!is_utf8(name)) return fail(Errc::invalid, "an item's name must be valid UTF-8");
  return {};
}

std::string numbered_item_name(std::string_view name, std::size_t number) {
  const std::string suffix = fmt::format("-{}", number);
  std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name.size() - dot > 32) dot = name.size();
  const std::string_view extension = name.substr(dot);
  std::string out(shortened(name.substr(0, dot), kLongestItemName - suffix.size() - extension.size()));
  return out.append(suffix).append(extension);
}

std::string sound_item_name(std::string_view text, std::string_view extension) {
  std::string out(shortened(text, kLongestItemName - extension.size()));
  for (char& c : out)
    if (is_forbidden(static_cast<unsigned char>(c))) c = '-';
  out.append(extension);
  return text.empty() || !check_item_name(out) ? std::string("item").append(extension) : out;
}

}  // namespace kontor::groupware
