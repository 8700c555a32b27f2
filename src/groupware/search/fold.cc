// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/fold.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include <array>

namespace kontor::groupware {
namespace {

constexpr UChar32 kReplacement = 0xfffd;
constexpr int kMostDecomposed = 64;  // UTF-16 units; the longest decomposition there is has 18

void append_utf8(std::string& out, UChar32 c) {
  char bytes[U8_MAX_LENGTH];
  std::int32_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, c);
  out.append(bytes, static_cast<std::size_t>(length));
}

const UNormalizer2* decompositions() {
  static const UNormalizer2* const found = [] {
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2* instance = unorm2_getNFKDInstance(&status);
    return U_SUCCESS(status) ? instance : nullptr;
  }();
  return found;
}

// UnicodeData.txt has no decompositions for Hangul syllables: they stay whole.
bool is_hangul_syllable(UChar32 c) { return c >= 0xac00 && c <= 0xd7a3; }

void append_folded(std::string& out, UChar32 c) {
  c = u_totitle(c);
  if (is_hangul_syllable(c) || decompositions() == nullptr) return append_utf8(out, c);
  std::array<UChar, kMostDecomposed> units;
  UErrorCode status = U_ZERO_ERROR;
  const std::int32_t length = unorm2_getDecomposition(decompositions(), c, units.data(), kMostDecomposed, &status);
  if (length < 0 || U_FAILURE(status)) return append_utf8(out, c);
  for (std::int32_t i = 0; i < length;) {
    UChar32 part = 0;
    U16_NEXT_UNSAFE(units.data(), i, part);
    append_utf8(out, part);
  }
}

// The ASCII characters that `text` begins with.
std::string_view ascii_run(std::string_view text) {
  constexpr std::size_t kStep = 16;
  std::size_t end = 0;
  while (end + kStep <= text.size()) {
    unsigned char seen = 0;
    for (std::size_t i = 0; i < kStep; ++i) seen |= static_cast<unsigned char>(text[end + i]);
    if (seen >= 0x80) break;
    end += kStep;
  }
  while (end < text.size() && static_cast<unsigned char>(text[end]) < 0x80) ++end;
  return text.substr(0, end);
}

// Plain loops: the compiler makes them wide.
void append_upper(std::string& out, std::string_view ascii) {
  const std::size_t begin = out.size();
  out.append(ascii);
  for (std::size_t i = begin; i < out.size(); ++i)
    out[i] = static_cast<char>(out[i] - (out[i] >= 'a' && out[i] <= 'z' ? 'a' - 'A' : 0));
}

}  // namespace

std::string fold_text(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(utf8.data());
  const auto size = static_cast<std::int64_t>(utf8.size());
  for (std::int64_t i = 0; i < size;) {
    const auto run = ascii_run(utf8.substr(static_cast<std::size_t>(i)));
    append_upper(out, run);
    i += static_cast<std::int64_t>(run.size());
    if (i == size) break;
    UChar32 c = 0;
    U8_NEXT(bytes, i, size, c);
    append_folded(out, c < 0 ? kReplacement : c);
  }
  return out;
}

std::string fold_text(std::string_view utf8, Collation collation) {
  if (collation == Collation::unicode_casemap) return fold_text(utf8);
  if (collation == Collation::octet) return std::string(utf8);
  std::string out;
  append_upper(out, utf8);
  return out;
}

}  // namespace kontor::groupware
