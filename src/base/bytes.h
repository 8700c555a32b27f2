// SPDX-License-Identifier: AGPL-3.0-or-later
// Bytes as keys and as text: big-endian integers that sort, hex, base64.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kontor {

void append_be32(std::string& out, std::uint32_t v);
void append_be64(std::string& out, std::uint64_t v);
// Read from the front of `bytes`, which must be long enough (4 or 8 bytes).
std::uint32_t read_be32(std::string_view bytes);
std::uint64_t read_be64(std::string_view bytes);

std::string to_hex(std::string_view bytes);                  // lower case
std::optional<std::string> from_hex(std::string_view text);  // either case; nothing on odd length or bad digit

std::string to_base64(std::string_view bytes);  // RFC 4648 section 4, padded
// Strict: no white space, padding optional, unused bits must be zero. Nothing if it is not base64.
std::optional<std::string> from_base64(std::string_view text);

// Compares in time that depends on the lengths only.
bool equal_constant_time(std::string_view a, std::string_view b);

// ASCII only; other bytes stay as they are.
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool iequals(std::string_view a, std::string_view b);  // ASCII letters only
bool is_ascii(std::string_view bytes);

}  // namespace kontor
