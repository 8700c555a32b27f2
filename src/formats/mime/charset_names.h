// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: labels of charsets that need another name.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace kontor::mime {

struct CharsetAlias {
  std::string_view name;
  const char* icu;
};

// What mail software writes, where ICU does not know it or means less by it than senders do (sorted by name). Supersets
// stand for their subsets, as in browsers: senders label windows-1252 as iso-8859-1 and gb18030 as gb2312.
inline constexpr auto kCharsetAliases = std::to_array<CharsetAlias>({
    {"_iso-2022-jp$esc", "iso-2022-jp"},
    {"ansi", "windows-1252"},
    {"ansi_x3.110-1983", "windows-1252"},
    {"big5-eten", "big5"},
    {"chinesebig5", "big5"},
    {"cn-big5", "big5"},
    {"cn-gb", "gb18030"},
    {"cp-850", "ibm850"},
    {"cp-936", "gb18030"},
    {"cp1250", "windows-1250"},
    {"cp1251", "windows-1251"},
    {"cp1252", "windows-1252"},
    {"cp932", "windows-31j"},
    {"cp936", "gb18030"},
    {"cp949", "windows-949"},
    {"cp950", "windows-950"},
    {"csgb2312", "gb18030"},
    {"cswindows31j", "windows-31j"},
    {"dos-850", "ibm850"},
    {"euc-kr", "windows-949"},
    {"euc_kr", "windows-949"},
    {"euckr", "windows-949"},
    {"gb2312", "gb18030"},
    {"gb_2312-80", "gb18030"},
    {"gbk", "gb18030"},
    {"iso-2022-jp-ms", "iso-2022-jp"},
    {"iso-8859-1", "windows-1252"},
    {"iso-8859-11", "windows-874"},
    {"iso-8859-6-i", "iso-8859-6"},
    {"iso-8859-8-i", "iso-8859-8"},
    {"iso-8859-9", "windows-1254"},
    {"iso8859-1", "windows-1252"},
    {"iso8859_1", "windows-1252"},
    {"iso_8859-1", "windows-1252"},
    {"koi8-ru", "koi8-u"},
    {"ks_c_5601", "windows-949"},
    {"ks_c_5601-1987", "windows-949"},
    {"ks_c_5601-1989", "windows-949"},
    {"ksc5601", "windows-949"},
    {"ksc_5601", "windows-949"},
    {"l1", "windows-1252"},
    {"latin-1", "windows-1252"},
    {"latin1", "windows-1252"},
    {"macintosh", "macintosh"},
    {"ms932", "windows-31j"},
    {"ms949", "windows-949"},
    {"ms_kanji", "windows-31j"},
    {"shift-jis", "windows-31j"},
    {"shift_jis", "windows-31j"},
    {"sjis", "windows-31j"},
    {"tis-620", "windows-874"},
    {"uft-8", "utf-8"},
    {"unicode-1-1-utf-7", "utf-7"},
    {"unicode-1-1-utf-8", "utf-8"},
    {"unicode-2-0-utf-7", "utf-7"},
    {"unicodefeff", "utf-16le"},
    {"unicodefffe", "utf-16be"},
    {"utf", "utf-8"},
    {"utf-8n", "utf-8"},
    {"utf7", "utf-7"},
    {"utf8-bom", "utf-8"},
    {"utf8mb4", "utf-8"},
    {"win-1250", "windows-1250"},
    {"win-1251", "windows-1251"},
    {"win-1252", "windows-1252"},
    {"win1251", "windows-1251"},
    {"win1252", "windows-1252"},
    {"x-cp1250", "windows-1250"},
    {"x-cp1251", "windows-1251"},
    {"x-cp1252", "windows-1252"},
    {"x-euc-jp", "euc-jp"},
    {"x-euc-tw", "euc-tw"},
    {"x-gbk", "gb18030"},
    {"x-mac-ce", "x-mac-centraleurroman"},
    {"x-mac-chinesesimp", "gb18030"},
    {"x-mac-chinesetrad", "big5"},
    {"x-mac-japanese", "windows-31j"},
    {"x-mac-korean", "windows-949"},
    {"x-mac-roman", "macintosh"},
    {"x-mac-ukrainian", "x-mac-cyrillic"},
    {"x-ms-cp932", "windows-31j"},
    {"x-shift-jis", "windows-31j"},
    {"x-sjis", "windows-31j"},
    {"x-utf-8", "utf-8"},
    {"x-windows-949", "windows-949"},
    {"x-x-big5", "big5"},
    {"zh-big5", "big5"},
});
static_assert(std::ranges::is_sorted(kCharsetAliases, {}, &CharsetAlias::name));

// Labels that say that the sender does not know, or that the bytes are of the smallest set: guessed from the bytes.
inline constexpr auto kGuessedCharsets = std::to_array<std::string_view>(
    {"", "8bit", "ansi_x3.4-1968", "ascii", "binary", "default", "iso-ir-6", "iso646-us", "none", "unknown",
     "unknown-8bit", "us", "us-ascii", "x-unknown", "x-user-defined"});
static_assert(std::ranges::is_sorted(kGuessedCharsets));

}  // namespace kontor::mime
