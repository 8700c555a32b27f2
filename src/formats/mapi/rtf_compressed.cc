// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/rtf_compressed.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "formats/mapi/cursor.h"

namespace kontor::mapi {
namespace {

constexpr std::uint32_t kCompressed = 0x75465A4C;
constexpr std::uint32_t kUncompressed = 0x414C454D;
constexpr std::size_t kRing = 4096;

// [MS-OXRTFCP] section 2.1.2.1.
constexpr std::string_view kDictionary =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS "
    "Sans "
    "SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u"
    "\\tab\\tx";
static_assert(kDictionary.size() == 207);

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0xEDB88320U : 0U);
    table.at(i) = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrcTable = make_crc_table();

// Without the inversions that others have at both ends (section 2.1.3.2).
std::uint32_t crc_of(std::string_view bytes) {
  std::uint32_t crc = 0;
  for (const char c : bytes) crc = kCrcTable.at((crc ^ static_cast<unsigned char>(c)) & 0xFFU) ^ (crc >> 8U);
  return crc;
}

class RtfExpander {
 public:
  explicit RtfExpander(std::size_t limit) : limit_(limit) { std::ranges::copy(kDictionary, ring_.begin()); }

  // Whether the end was reached.
  bool expand(std::string_view contents) {
    Cursor in(contents);
    while (in.left() > 0 && out_.size() <= limit_) {
      const unsigned control = in.u8();
      for (unsigned bit = 0; bit < 8 && in.left() > 0 && out_.size() <= limit_; ++bit) {
        if ((control & (1U << bit)) == 0) {
          put(static_cast<char>(in.u8()));
          continue;
        }
        const unsigned high = in.u8();
        const unsigned token = (high << 8U) | in.u8();
        if (in.is_short()) return false;
        std::size_t from = token >> 4U;
        if (from == at_) return true;
        for (std::size_t left = (token & 0xFU) + 2; left > 0; --left) put(ring_.at(from++ % kRing));
      }
    }
    return false;
  }
  std::string take() { return std::move(out_); }
  std::size_t size() const { return out_.size(); }

 private:
  void put(char c) {
    out_ += c;
    ring_.at(at_) = c;
    at_ = (at_ + 1) % kRing;
  }

  std::size_t limit_;
  std::array<char, kRing> ring_{};
  std::size_t at_ = kDictionary.size();
  std::string out_;
};

}  // namespace

Result<Decompressed> decompress_rtf(std::string_view bytes, std::size_t limit) {
  Cursor in(bytes);
  const std::uint32_t size = in.u32();
  const std::uint32_t raw_size = in.u32();
  const std::uint32_t kind = in.u32();
  const std::uint32_t crc = in.u32();
  if (in.is_short() || (kind != kCompressed && kind != kUncompressed))
    return fail(Errc::corrupt, "This is no compressed RTF.");
  // `size` counts from behind itself. What follows the contents is not of them.
  const std::string_view contents = in.rest().substr(0, size < 12 ? in.left() : size - 12);
  Decompressed found;
  if (kind == kUncompressed) {
    if (contents.size() > limit) return fail(Errc::too_large, "The RTF is too large.");
    found.rtf = contents.substr(0, raw_size);
    found.is_damaged = found.rtf.size() < raw_size;
    return found;
  }
  RtfExpander expander(limit);
  const bool is_whole = expander.expand(contents);
  if (expander.size() > limit) return fail(Errc::too_large, "The RTF is too large.");
  found.rtf = expander.take();
  found.is_damaged = !is_whole || crc_of(contents) != crc;
  // Some writers count an ending NUL or CRLF that they do not write, some cut what they write.
  if (found.rtf.size() > raw_size) found.rtf.resize(raw_size);
  return found;
}

}  // namespace kontor::mapi
