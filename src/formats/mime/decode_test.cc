// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/decode.h"

#include <gtest/gtest.h>

#include <chrono>

#include "formats/mime/charset.h"

namespace kontor::mime {
namespace {

struct TextCase {
  std::string_view raw;
  std::string_view expected;
  std::string_view why;
};

TEST(Utf8, IsToldFromWhatOnlyLooksAlike) {
  EXPECT_TRUE(is_utf8("aä€😀"));
  for (const std::string_view bad : {"\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"})
    EXPECT_FALSE(is_utf8(bad));
}

TEST(EncodedWords, AreDecoded) {
  const TextCase cases[] = {
      {"plain text", "plain text", "nothing to do"},
      {"=?utf-8?Q?J=C3=B6rg?=", "Jörg", "Q"},
      {"=?UTF-8?b?SsO2cmc=?=", "Jörg", "B"},
      {"=?iso-8859-1?q?J=F6rg_X?= <j@x>", "Jörg X <j@x>", "underscores, text behind"},
      {"a =?utf-8?q?b?= =?utf-8?q?c?= d", "a bc d", "white space between words goes"},
      {"=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab", "folds too"},
      {"=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b", "not around other text"},
      {"=?utf-8?q?\?= =?utf-8?q?a?=", "a", "an empty word"},
      {"=?utf-8?q?=C3?= =?utf-8?q?=B6?=", "ö", "a character cut in two"},
      {"=?utf-8?b?w?= =?utf-8?b?tg==?=", "\uFFFD", "base64 broken off"},
      {"=?utf-8*de?q?=C3=B6?=", "ö", "a language, RFC 2231 section 5"},
      {"=?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=", "テスト", "ISO-2022-JP"},
      {"=?gb2312?B?xOO6ww==?=", "你好", "GB2312"},
      {"=?ks_c_5601-1987?B?x9GxuQ==?=", "한국", "Korean by its registry name"},
      {"=?x-unknown?q?=C3=B6?=", "ö", "unknown charsets are guessed"},
      {"=?nonsense?q?=F6?=", "ö", "as windows-1252 if not UTF-8"},
      {"=?utf-8?q?a b?=", "a b", "a blank inside"},
      {"=?utf-8?x?a?=", "=?utf-8?x?a?=", "an unknown encoding stays"},
      {"=?utf-8?q?open", "=?utf-8?q?open", "no end"},
      {"=?=?=?", "=?=?=?", "only marks"},
      {"=?utf-8?q?=zz=4?=", "=zz=4", "broken escapes stay"},
      {"J\xf6rg", "Jörg", "raw 8-bit is windows-1252"},
      {"J\xc3\xb6rg", "Jörg", "unless it is UTF-8"},
      {"\x80", "€", "the euro sign of windows-1252"},
  };
  for (const auto& c : cases) EXPECT_EQ(decode_header(c.raw), c.expected) << c.why << ": " << c.raw;
}

struct CharsetCase {
  std::string_view label;
  std::string_view bytes;
  std::string_view expected;
};

TEST(Charsets, OfMailSoftware) {
  const CharsetCase cases[] = {
      {"us-ascii", "a", "a"},
      {"US-ASCII", "\xe4", "ä"},
      {"", "\xc3\xa4", "ä"},
      {"x-unknown", "\xe4", "ä"},
      {"unknown-8bit", "\xe4", "ä"},
      {"utf-8", "\xc3\xa4\xff\xe2\x82", "ä\uFFFD\uFFFD"},
      {"\"UTF-8\"", "\xc3\xa4", "ä"},
      {"utf8", "\xf0\x9f\x98\x80", "😀"},
      {"iso-8859-1", "\x93x\x94", "“x”"},
      {"latin1", "\xe4", "ä"},
      {"iso-8859-2", "\xb1", "ą"},
      {"iso-8859-7", "\xe1", "α"},
      {"iso-8859-8-i", "\xe0", "א"},
      {"iso-8859-15", "\xa4", "€"},
      {"windows-1251", "\xff", "я"},
      {"win-1251", "\xff", "я"},
      {"cp1252", "\x80", "€"},
      {"windows-874", "\xa1", "ก"},
      {"tis-620", "\xa1", "ก"},
      {"koi8-r", "\xd1", "я"},
      {"koi8-u", "\xa4", "є"},
      {"x-mac-cyrillic", "\xdf", "я"},
      {"macintosh", "\x8a", "ä"},
      {"ibm850", "\x84", "ä"},
      {"shift_jis", "\x83\x65\x83\x58\x83\x67", "テスト"},
      {"cp932", "\x87\x40", "①"},
      {"euc-jp", "\xa5\xc6", "テ"},
      {"iso-2022-jp", "\x1b$B%F\x1b(B", "テ"},
      {"euc-kr", "\xc7\xd1", "한"},
      {"ks_c_5601-1987", "\xc7\xd1", "한"},
      {"cp949", "\xc7\xd1", "한"},
      {"iso-2022-kr", "\x1b$)C\x0eGQ\x0f", "한"},
      {"big5", "\xa7\x41", "你"},
      {"gb2312", "\xc4\xe3", "你"},
      {"gbk", "\xc4\xe3", "你"},
      {"gb18030", "\xc4\xe3", "你"},
      {"hz-gb-2312", "~{Dc~}", "你"},
      {"utf-7", "+AOQ-x", "äx"},
      {"unicode-1-1-utf-7", "+AOQ-", "ä"},
      {"utf-16le", std::string_view("\xe4\0", 2), "ä"},
      {"utf-16be", std::string_view("\0\xe4", 2), "ä"},
      {"utf-16", std::string_view("\xfe\xff\0\xe4", 4), "ä"},
      {"utf-32le", std::string_view("\x00\xf6\x01\0", 4), "😀"},
  };
  for (const auto& c : cases) {
    const Decoded decoded = to_utf8(c.bytes, c.label);
    EXPECT_EQ(decoded.text, c.expected) << c.label;
    EXPECT_TRUE(decoded.charset_known) << c.label;
    EXPECT_TRUE(is_known_charset(c.label)) << c.label;
  }
}

TEST(Charsets, BogusLabelsAreGuessed) {
  for (const std::string_view label : {"nonsense", "charset=foo", "windows-99999", "%s", "utf-8-but-not-really",
                                       "../../../etc/x", "ISO_2022,locale=ja,version=9"}) {
    const Decoded decoded = to_utf8("\xe4", label);
    EXPECT_EQ(decoded.text, "ä") << label;
    EXPECT_FALSE(decoded.charset_known) << label;
  }
  EXPECT_FALSE(is_known_charset(std::string(100'000, 'x')));
}

TEST(Charsets, LongTextKeepsSurrogatePairsWhole) {
  for (std::size_t before = 1020; before < 1028; before++) {
    std::string bytes, expected;
    for (std::size_t i = 0; i < before; i++) bytes.append("a\0", 2);
    expected.append(before, 'a');
    for (int i = 0; i < 2000; i++) {
      bytes.append("\x3d\xd8\x00\xde", 4);
      expected += "😀";
    }
    EXPECT_EQ(to_utf8(bytes, "utf-16le").text, expected) << before;
  }
}

TEST(Charsets, UndecodableBytesBecomeReplacements) {
  EXPECT_EQ(to_utf8("a\xff\xff", "shift_jis").text.substr(0, 4), "a\uFFFD");
  EXPECT_EQ(to_utf8(std::string_view("\x00\xd8", 2), "utf-16le").text, "\uFFFD") << "half a pair";
  EXPECT_EQ(to_utf8("\xed\xa0\x80", "utf-8").text, "\uFFFD\uFFFD\uFFFD") << "an encoded surrogate";
}

std::string decoded_in_pieces(TransferEncoding encoding, std::string_view bytes, std::size_t piece) {
  BodyDecoder decoder(encoding);
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) decoder.feed(bytes.substr(at, piece), out);
  decoder.finish(out);
  return out;
}

struct BodyCase {
  TransferEncoding encoding;
  std::string_view bytes;
  std::string_view expected;
  std::string_view why;
};

TEST(Bodies, AreDecodedInPiecesOfAnySize) {
  using enum TransferEncoding;
  const BodyCase cases[] = {
      {identity, "a=20\r\n", "a=20\r\n", "as it is"},
      {unknown, "a=20", "a=20", "unknown: as it is"},
      {quoted_printable, "a=20b=3D\r\nc", "a b=\r\nc", "escapes"},
      {quoted_printable, "a=\r\nb=\nc= \t\r\nd", "abcd", "soft breaks, also with blanks added"},
      {quoted_printable, "a \t\r\nb \nc ", "a\r\nb\nc", "blanks at line ends go"},
      {quoted_printable, "a b\tc", "a b\tc", "others stay"},
      {quoted_printable, "=c3=B6", "ö", "lower case"},
      {quoted_printable, "a=zz=4x==41=", "a=zz=4x=A", "broken escapes stay"},
      {quoted_printable, "a=\rb", "a=\rb", "a lone CR breaks nothing"},
      {quoted_printable, "=4", "=4", "an escape cut off"},
      {base64, "SGVsbG8=", "Hello", "padded"},
      {base64, "SGVs\r\nbG8", "Hello", "not padded, in lines"},
      {base64, "SGVs!bG8=\r\nSGk=", "HelloHi", "noise, two pieces"},
      {base64, "S", "", "less than a byte"},
      {base64, "====", "", "only padding"},
      {uuencode, "x\r\nbegin 644 a\r\n%2&5L;&\\\r\n`\r\nend\r\n%2&5L;&\\\n", "Hello", "between begin and end"},
      {uuencode, "begin 644 a\n%2&5L;&\\", "Hello", "broken off"},
  };
  for (const auto& c : cases)
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 4096U})
      EXPECT_EQ(decoded_in_pieces(c.encoding, c.bytes, piece), c.expected) << c.why << " in pieces of " << piece;
}

TEST(Bodies, TransferEncodingsByName) {
  using enum TransferEncoding;
  const std::pair<std::string_view, TransferEncoding> cases[] = {{"", identity},
                                                                 {"7bit", identity},
                                                                 {" 8BIT (x)", identity},
                                                                 {"binary", identity},
                                                                 {"8 bit", identity},
                                                                 {"base64", base64},
                                                                 {"Base64;", base64},
                                                                 {"QUOTED-PRINTABLE", quoted_printable},
                                                                 {"x-uuencode", uuencode},
                                                                 {"uuencode", uuencode},
                                                                 {"quoted printable", quoted_printable},
                                                                 {"x-foo", unknown}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(parse_transfer_encoding(text), expected) << text;
}

struct ParamCase {
  std::vector<Param> params;
  std::optional<std::string> expected;
  std::string_view why;
};

TEST(Params, RFC2231AndItsRelatives) {
  const ParamCase cases[] = {
      {{}, std::nullopt, "absent"},
      {{{"name", "a"}}, "a", "plain"},
      {{{"name", ""}}, "", "empty is not absent"},
      {{{"name*", "utf-8'de'J%C3%B6rg"}}, "Jörg", "encoded"},
      {{{"name*", "J%C3%B6rg"}}, "Jörg", "without a charset"},
      {{{"name*0", "a"}, {"name*1", "b"}}, "ab", "continued"},
      {{{"name*1*", "%B6rg"}, {"name*0*", "utf-8''J%C3"}, {"name*2", "%20"}},
       "Jörg%20",
       "in any order, a character cut in two, a plain section last"},
      {{{"name*0", "a"}, {"name*2", "c"}}, "a", "a gap ends it"},
      {{{"name*1", "b"}, {"name", "x"}}, "x", "without a first section"},
      {{{"name", "x"}, {"name*", "utf-8''y"}}, "y", "the encoded one is better"},
      {{{"name", "=?utf-8?q?J=C3=B6rg?="}}, "Jörg", "RFC 2047 where it must not be"},
      {{{"name", "J\xf6rg"}}, "Jörg", "raw 8-bit"},
      {{{"names", "x"}, {"name*x", "y"}, {"name*-1", "z"}}, std::nullopt, "others"},
      {{{"name*0", "a"}, {"name*0", "b"}}, "a", "said twice"},
  };
  for (const auto& c : cases) EXPECT_EQ(param(c.params, "name"), c.expected) << c.why;
}

TEST(Params, FileNames) {
  Entity entity;
  EXPECT_EQ(filename(entity), std::nullopt);
  entity.params = {{"name", "type.txt"}};
  EXPECT_EQ(filename(entity), "type.txt");
  entity.disposition_params = {{"filename*", "utf-8''disposition.txt"}};
  EXPECT_EQ(filename(entity), "disposition.txt");
}

TEST(Decode, HostileInputTakesLinearTime) {
  for (const std::string_view piece :
       {"=?", "=?a?q?", "=?a?q?x?= ", "?=", "=?utf-8?b?", "=?a?q?\?=", "=", " ", "=\r", "\x80", "\xe2\x82", "+"}) {
    std::string text;
    while (text.size() < 200'000) text += piece;
    const auto start = std::chrono::steady_clock::now();
    decode_header(text);
    for (const std::string_view charset : {"utf-8", "utf-7", "iso-2022-jp", "gb18030", "hz"}) to_utf8(text, charset);
    for (const auto encoding :
         {TransferEncoding::quoted_printable, TransferEncoding::base64, TransferEncoding::uuencode})
      decoded_in_pieces(encoding, text, 4096);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << piece;
  }
}

}  // namespace
}  // namespace kontor::mime
