// SPDX-License-Identifier: AGPL-3.0-or-later
// GUIDs, in the order of bytes that Windows has in memory and MAPI on disk: the first three fields little-endian.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kontor::mapi {

struct Guid {
  constexpr auto operator<=>(const Guid&) const = default;

  // {a-b-c-d[0]d[1]-d[2]...}, as the documents write it.
  static constexpr Guid of(std::uint32_t a, std::uint16_t b, std::uint16_t c, std::uint64_t d) {
    Guid guid;
    for (unsigned i = 0; i < 4; ++i) guid.bytes[i] = static_cast<std::uint8_t>(a >> (8 * i));
    for (unsigned i = 0; i < 2; ++i) guid.bytes[4 + i] = static_cast<std::uint8_t>(b >> (8 * i));
    for (unsigned i = 0; i < 2; ++i) guid.bytes[6 + i] = static_cast<std::uint8_t>(c >> (8 * i));
    for (unsigned i = 0; i < 8; ++i) guid.bytes[8 + i] = static_cast<std::uint8_t>(d >> (56 - 8 * i));
    return guid;
  }
  // The first 16 of `bytes`; all zero if there are fewer.
  static Guid of_bytes(std::string_view bytes);

  bool is_null() const { return *this == Guid(); }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

  std::array<std::uint8_t, 16> bytes{};
};

// "{00020329-0000-0000-C000-000000000046}"; read with or without braces, in either case.
std::string print(const Guid& guid);
std::optional<Guid> parse_guid(std::string_view text);

}  // namespace kontor::mapi
