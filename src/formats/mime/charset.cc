// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/charset.h"

#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "formats/mime/charset_names.h"
#include "formats/mime/decode.h"
#include "formats/mime/fields.h"

namespace kontor::mime {
namespace {

// windows-1252 above 0x7f where it is not Latin-1; unassigned bytes stand for the control characters, as in ICU.
constexpr std::array<char16_t, 32> kWindows1252 = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                   0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                                   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                   0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

constexpr std::size_t kMaxLabel = 60;

// As labels are compared: lower case, without quotes, blanks and what RFC 2231 puts behind a star.
std::string canonical_label(std::string_view label) {
  std::string name;
  for (const char c : trim(label)) {
    if (c == '*') break;
    if (c != '"' && c != '\'' && !is_white(c)) name.push_back(lower(c));
    if (name.size() > kMaxLabel) break;
  }
  return name;
}

// How many bytes at the front are ASCII.
std::size_t ascii_length(std::string_view bytes) {
  std::size_t i = 0;
  for (std::uint64_t eight; i + 8 <= bytes.size(); i += 8) {
    std::memcpy(&eight, bytes.data() + i, 8);
    if (eight & 0x8080808080808080) break;
  }
  while (i < bytes.size() && static_cast<unsigned char>(bytes[i]) < 0x80) i++;
  return i;
}

void append_utf8(char32_t c, std::string& out) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | c >> 6));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xE0 | c >> 12));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

void append_windows1252(std::string_view bytes, std::string& out) {
  for (const char byte : bytes) {
    const auto u = static_cast<unsigned char>(byte);
    append_utf8(u >= 0x80 && u < 0xA0 ? kWindows1252[u - 0x80] : u, out);
  }
}

// The length of the UTF-8 sequence at the front (Unicode 15, table 3-7). Zero if there is none; `bad` is then how many
// bytes one U+FFFD stands for.
std::size_t sequence_length(std::string_view s, std::size_t& bad) {
  const auto at = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U; };
  const unsigned first = at(0);
  bad = 1;
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (at(1) < low || at(1) > high) return 0;
  for (std::size_t i = 2; i < length; i++) {
    bad = i;
    if (at(i) < 0x80 || at(i) > 0xBF) return 0;
  }
  return length;
}

void append_repaired(std::string_view bytes, std::string& out) {
  for (;;) {
    const std::size_t ascii = ascii_length(bytes);
    out.append(bytes.substr(0, ascii));
    bytes.remove_prefix(ascii);
    if (bytes.empty()) return;
    std::size_t bad = 0;
    const std::size_t length = sequence_length(bytes, bad);
    if (length > 0) {
      out.append(bytes.substr(0, length));
    } else {
      out.append("\uFFFD");
    }
    bytes.remove_prefix(length > 0 ? length : std::min(bad, bytes.size()));
  }
}

// ICU's own callback writes U+001A for single bytes in some charsets.
void write_replacement(const void*, UConverterToUnicodeArgs* args, const char*, int32_t,
                       UConverterCallbackReason reason, UErrorCode* error) {
  if (reason > UCNV_IRREGULAR) return;
  constexpr UChar kReplacement = 0xFFFD;
  *error = U_ZERO_ERROR;
  ucnv_cbToUWriteUChars(args, &kReplacement, 1, 0, error);
}

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

// An open converter of this thread, or null if ICU has none of that name. Opening costs more than most conversions.
UConverter* converter_of(const std::string& name) {
  constexpr std::size_t kKept = 32;
  thread_local std::map<std::string, Converter, std::less<>> kept;
  if (const auto found = kept.find(name); found != kept.end()) {
    ucnv_resetToUnicode(found->second.get());
    return found->second.get();
  }
  UErrorCode error = U_ZERO_ERROR;
  // ICU looks for files of names that it does not know.
  if (ucnv_countAliases(name.c_str(), &error) == 0 || U_FAILURE(error)) return nullptr;
  Converter converter(ucnv_open(name.c_str(), &error));
  if (U_FAILURE(error) || !converter) return nullptr;
  ucnv_setToUCallBack(converter.get(), write_replacement, nullptr, nullptr, nullptr, &error);
  if (kept.size() >= kKept) kept.clear();
  return kept.emplace(name, std::move(converter)).first->second.get();
}

void append_units(const UChar* units, int32_t count, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + static_cast<std::size_t>(count) * 3);
  UErrorCode error = U_ZERO_ERROR;
  int32_t length = 0;
  u_strToUTF8WithSub(out.data() + before, count * 3, &length, units, count, 0xFFFD, nullptr, &error);
  out.resize(before + static_cast<std::size_t>(U_SUCCESS(error) ? length : 0));
}

void append_converted(UConverter* converter, std::string_view bytes, std::string& out) {
  constexpr std::size_t kUnits = 1024;
  UChar units[kUnits + 1];
  UChar* from = units;
  const char* source = bytes.data();
  const char* const end = source + bytes.size();
  for (;;) {
    UChar* target = from;
    UErrorCode error = U_ZERO_ERROR;
    ucnv_toUnicode(converter, &target, units + kUnits, &source, end, nullptr, true, &error);
    auto count = static_cast<int32_t>(target - units);
    const bool is_full = error == U_BUFFER_OVERFLOW_ERROR;
    // Half of a surrogate pair waits for the other half.
    const bool is_half = is_full && count > 1 && U16_IS_LEAD(units[count - 1]);
    const UChar half = is_half ? units[count - 1] : 0;
    append_units(units, count - (is_half ? 1 : 0), out);
    from = units;
    if (is_half) *from++ = half;
    if (!is_full) return;
  }
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  for (;;) {
    bytes.remove_prefix(ascii_length(bytes));
    if (bytes.empty()) return true;
    std::size_t bad = 0;
    const std::size_t length = sequence_length(bytes, bad);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
}

void append_guessed(std::string_view bytes, std::string& out) {
  if (is_utf8(bytes)) {
    out.append(bytes);
  } else {
    append_windows1252(bytes, out);
  }
}

Decoded to_utf8(std::string_view bytes, std::string_view charset) {
  Decoded decoded;
  const std::string label = canonical_label(charset);
  const bool is_guess = std::ranges::binary_search(kGuessedCharsets, std::string_view(label));
  if (is_guess) {
    append_guessed(bytes, decoded.text);
    return decoded;
  }
  const auto alias = std::ranges::lower_bound(kCharsetAliases, std::string_view(label), {}, &CharsetAlias::name);
  const std::string name = alias != kCharsetAliases.end() && alias->name == label ? alias->icu : label;
  if (name == "utf-8" || name == "utf8") {
    append_repaired(bytes, decoded.text);
  } else if (name == "windows-1252") {
    append_windows1252(bytes, decoded.text);
  } else if (UConverter* converter = converter_of(name)) {
    append_converted(converter, bytes, decoded.text);
  } else {
    decoded.charset_known = false;
    append_guessed(bytes, decoded.text);
  }
  return decoded;
}

bool is_known_charset(std::string_view charset) { return to_utf8("", charset).charset_known; }

}  // namespace kontor::mime
