// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: little-endian structures, read from the front and written to the back.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "formats/mapi/guid.h"

namespace kontor::mapi {

// Reads behind the end give zero and nothing, and are remembered: callers ask once, where it matters.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }
  Guid guid() { return Guid::of_bytes(take(16)); }

  // All or nothing.
  std::string_view take(std::size_t size) {
    if (size > left()) {
      is_short_ = true;
      at_ = bytes_.size();
      return {};
    }
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  // Up to a NUL, which is consumed; without one, all that is left.
  std::string_view until_nul() {
    const std::size_t end = bytes_.find('\0', at_);
    if (end == std::string_view::npos) {
      is_short_ = true;
      return take(left());
    }
    const std::string_view found = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return found;
  }
  // The same of 16-bit units.
  std::string_view until_wide_nul() {
    std::size_t end = at_;
    while (end + 2 <= bytes_.size() && (bytes_[end] != 0 || bytes_[end + 1] != 0)) end += 2;
    const std::string_view found = bytes_.substr(at_, end - at_);
    if (end + 2 > bytes_.size()) is_short_ = true;
    at_ = end + 2 > bytes_.size() ? bytes_.size() : end + 2;
    return found;
  }

  std::size_t position() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  std::string_view rest() const { return bytes_.substr(at_); }
  bool is_short() const { return is_short_; }

 private:
  template <std::unsigned_integral T>
  T number() {
    const std::string_view bytes = take(sizeof(T));
    T value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i)
      value = static_cast<T>((static_cast<std::uint64_t>(value) << 8U) | static_cast<unsigned char>(bytes[i - 1]));
    return value;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool is_short_ = false;
};

template <std::unsigned_integral T>
void append_le(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out += static_cast<char>(value & 0xFFU);
    value = static_cast<T>(static_cast<std::uint64_t>(value) >> 8U);
  }
}
inline void append_le16(std::string& out, std::size_t value) { append_le(out, static_cast<std::uint16_t>(value)); }
inline void append_le32(std::string& out, std::size_t value) { append_le(out, static_cast<std::uint32_t>(value)); }

}  // namespace kontor::mapi
