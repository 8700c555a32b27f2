// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/code_page.h"

#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <utility>

#include "formats/mapi/cursor.h"
#include "formats/mime/charset.h"
#include "formats/mime/decode.h"

namespace kontor::mapi {
namespace {

// Those that have a name of another form than "windows-N", "iso-8859-N" and "cpN".
constexpr auto kPages = std::to_array<std::pair<int, std::string_view>>({
    {437, "ibm437"},         {708, "iso-8859-6"},    {850, "ibm850"},
    {852, "ibm852"},         {858, "ibm858"},        {866, "ibm866"},
    {874, "windows-874"},    {932, "windows-31j"},   {936, "gbk"},
    {949, "ks_c_5601-1987"}, {950, "big5"},          {1200, "utf-16le"},
    {1201, "utf-16be"},      {10000, "macintosh"},   {10007, "x-mac-cyrillic"},
    {12000, "utf-32le"},     {20127, "us-ascii"},    {20866, "koi8-r"},
    {20932, "euc-jp"},       {20936, "gb2312"},      {21866, "koi8-u"},
    {38598, "iso-8859-8"},   {50220, "iso-2022-jp"}, {50221, "iso-2022-jp"},
    {50222, "iso-2022-jp"},  {50225, "iso-2022-kr"}, {51932, "euc-jp"},
    {51936, "gb2312"},       {51949, "euc-kr"},      {52936, "hz-gb-2312"},
    {54936, "gb18030"},      {65000, "utf-7"},       {65001, "utf-8"},
});
static_assert(std::ranges::is_sorted(kPages));

}  // namespace

std::string charset_of_code_page(std::int64_t page) {
  if (page <= 0 || page > 0xFFFF) return {};
  const auto found =
      std::ranges::lower_bound(kPages, page, {}, [](const auto& row) { return std::int64_t{row.first}; });
  if (found != kPages.end() && found->first == page) return std::string(found->second);
  if (page >= 1250 && page <= 1258) return "windows-" + std::to_string(page);
  if (page >= 28591 && page <= 28606) return "iso-8859-" + std::to_string(page - 28590);
  return "cp" + std::to_string(page);
}

std::string decode_page(std::string_view bytes, std::int64_t page) {
  const std::string charset = charset_of_code_page(page);
  if (!charset.empty()) {
    mime::Decoded decoded = mime::to_utf8(bytes, charset);
    if (decoded.charset_known) return std::move(decoded.text);
  }
  std::string out;
  mime::append_guessed(bytes, out);
  return out;
}

std::string utf8_of_utf16le(std::string_view bytes) {
  icu::UnicodeString wide;
  Cursor in(bytes);
  while (in.left() >= 2) wide.append(static_cast<char16_t>(in.u16()));
  std::string out;
  wide.toUTF8String(out);
  return out;
}

std::string utf16le_of_utf8(std::string_view text) {
  const icu::UnicodeString wide =
      icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  std::string out;
  for (std::int32_t i = 0; i < wide.length(); ++i) append_le(out, static_cast<std::uint16_t>(wide.charAt(i)));
  return out;
}

}  // namespace kontor::mapi
