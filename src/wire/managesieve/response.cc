// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/managesieve/response.h"

#include <fmt/format.h>

#include <algorithm>

namespace kontor::wire::managesieve {
namespace {

constexpr std::size_t kMaxQuoted = 1024;  // RFC 5804 section 4
constexpr std::size_t kMaxName = 512;

// The next character of UTF-8 text, taken off; nothing where it is none.
std::uint32_t take_character(std::string_view& text) {
  constexpr std::uint32_t kNone = 0xFFFFFFFF;
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (length == 0 || first > 0xF4 || text.size() < length) return kNone;
  std::uint32_t c = length == 1 ? first : first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; i++) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return kNone;
    c = (c << 6) | (byte & 0x3FU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (c < kLeast[length] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return kNone;
  text.remove_prefix(length);
  return c;
}

}  // namespace

std::string print_string(std::string_view text, bool is_client) {
  const bool fits =
      text.size() <= kMaxQuoted && text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
  if (!fits) return fmt::format("{{{}{}}}\r\n{}", text.size(), is_client ? "+" : "", text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

std::string print(const Response& response) {
  std::string out = response.kind == Response::Kind::ok ? "OK" : response.kind == Response::Kind::no ? "NO" : "BYE";
  if (!response.code.empty()) {
    out += " (" + response.code;
    if (!response.argument.empty()) out += " " + print_string(response.argument);
    out += ")";
  }
  if (!response.text.empty()) out += " " + print_string(response.text);
  return out + "\r\n";
}

bool is_script_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxName) return false;
  while (!name.empty()) {
    const std::uint32_t c = take_character(name);
    if (c > 0x10FFFF || c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029) return false;
  }
  return true;
}

}  // namespace kontor::wire::managesieve
