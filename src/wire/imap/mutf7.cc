// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/mutf7.h"

#include <cstdint>

namespace kontor::wire::imap {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
constexpr std::uint32_t kReplacement = 0xfffd;

bool is_plain_ascii(std::uint32_t c) { return c >= 0x20 && c <= 0x7e; }

// Takes one code point off the front of `text`.
std::uint32_t take_utf8(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  std::size_t length = 1;
  std::uint32_t point = lead;
  std::uint32_t least = 0;
  if (lead >= 0x80) {
    if (lead >= 0xf0 && lead < 0xf8) {
      length = 4, point = lead & 7U, least = 0x10000;
    } else if (lead >= 0xe0) {
      length = 3, point = lead & 15U, least = 0x800;
    } else if (lead >= 0xc0) {
      length = 2, point = lead & 31U, least = 0x80;
    }
    bool good = lead >= 0xc0 && lead < 0xf8 && text.size() >= length;
    for (std::size_t i = 1; good && i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[i]);
      good = (next & 0xc0U) == 0x80;
      point = point << 6 | (next & 0x3fU);
    }
    if (!good || point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      text.remove_prefix(1);
      return kReplacement;
    }
  }
  text.remove_prefix(length);
  return point;
}

void put_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6), put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12), put(0x80 | (point >> 6 & 0x3f)), put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18), put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f)), put(0x80 | (point & 0x3f));
  }
}

// The base64 between "&" and "-" as UTF-8, appended.
bool decode_shifted(std::string_view base64, std::string& out) {
  std::uint32_t bits = 0;
  unsigned have = 0;
  std::uint32_t high = 0;  // a high surrogate that waits for its low one
  for (const char c : base64) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) return false;
    bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0x3fffff;
    have += 6;
    if (have < 16) continue;
    have -= 16;
    const std::uint32_t unit = bits >> have & 0xffff;
    if (high != 0) {
      if (unit < 0xdc00 || unit > 0xdfff) return false;
      put_utf8(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
      high = 0;
    } else if (unit >= 0xd800 && unit <= 0xdbff) {
      high = unit;
    } else if (is_plain_ascii(unit) || (unit >= 0xdc00 && unit <= 0xdfff)) {
      return false;
    } else {
      put_utf8(out, unit);
    }
  }
  return high == 0 && have < 6 && (bits & ((1U << have) - 1)) == 0;
}

class ShiftedWriter {
 public:
  explicit ShiftedWriter(std::string& out) : out_(out) {}
  void put(std::uint32_t unit) {
    if (!open_) out_.push_back('&');
    open_ = true;
    bits_ = bits_ << 16 | unit;
    for (have_ += 16; have_ >= 6; have_ -= 6) out_.push_back(kDigits[bits_ >> (have_ - 6) & 63]);
    bits_ &= (1U << have_) - 1;
  }
  void close() {
    if (!open_) return;
    if (have_ > 0) out_.push_back(kDigits[bits_ << (6 - have_) & 63]);
    out_.push_back('-');
    open_ = false, have_ = 0, bits_ = 0;
  }

 private:
  std::string& out_;
  std::uint32_t bits_ = 0;
  unsigned have_ = 0;
  bool open_ = false;
};

}  // namespace

std::optional<std::string> decode_mutf7(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool after_shift = false;  // a base64 run has just ended
  while (!text.empty()) {
    if (!is_plain_ascii(static_cast<unsigned char>(text[0]))) return std::nullopt;
    if (text[0] != '&') {
      out.push_back(text[0]);
      text.remove_prefix(1);
      after_shift = false;
      continue;
    }
    const auto end = text.find('-');
    if (end == std::string_view::npos) return std::nullopt;
    if (end == 1) {
      out.push_back('&');
    } else if (after_shift || !decode_shifted(text.substr(1, end - 1), out)) {
      return std::nullopt;
    }
    after_shift = end != 1;
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string encode_mutf7(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  ShiftedWriter shifted(out);
  while (!utf8.empty()) {
    const std::uint32_t point = take_utf8(utf8);
    if (is_plain_ascii(point)) {
      shifted.close();
      out.push_back(static_cast<char>(point));
      if (point == '&') out.push_back('-');
    } else if (point >= 0x10000) {
      shifted.put(0xd800 + ((point - 0x10000) >> 10));
      shifted.put(0xdc00 + ((point - 0x10000) & 0x3ff));
    } else {
      shifted.put(point);
    }
  }
  shifted.close();
  return out;
}

}  // namespace kontor::wire::imap
