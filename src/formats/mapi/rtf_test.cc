// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "formats/mapi/rtf_body.h"
#include "formats/mapi/rtf_compressed.h"

namespace kontor::mapi {
namespace {

// [MS-OXRTFCP] sections 3.1.1 and 3.1.2.
constexpr std::string_view kHello =
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0";
constexpr std::string_view kCrossing = "1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0";

TEST(RtfCompressed, OfTheDocument) {
  const auto hello = decompress_rtf(from_hex(kHello).value());
  ASSERT_TRUE(hello.has_value());
  EXPECT_EQ(hello->rtf, "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
  EXPECT_FALSE(hello->is_damaged);
  const auto crossing = decompress_rtf(from_hex(kCrossing).value());
  ASSERT_TRUE(crossing.has_value());
  EXPECT_EQ(crossing->rtf, "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}");
  EXPECT_FALSE(crossing->is_damaged);
}

TEST(RtfCompressed, IsNotTrusted) {
  const std::string whole = from_hex(kHello).value();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto part = decompress_rtf(std::string_view(whole).substr(0, size));
    EXPECT_EQ(part.has_value(), size >= 16) << size;
    if (part) {
      EXPECT_TRUE(part->is_damaged) << size;
      EXPECT_TRUE(std::string_view("{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n").starts_with(part->rtf)) << size;
    }
  }
  std::string wrong = whole;
  wrong[12] = 'x';
  EXPECT_TRUE(decompress_rtf(wrong)->is_damaged) << "another check sum";
  EXPECT_EQ(decompress_rtf(whole, 10).error().code, Errc::too_large);
  const auto plain = decompress_rtf(std::string("\x12\0\0\0\x06\0\0\0MELA\0\0\0\0{\\rtf}", 22));
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->rtf, "{\\rtf}");
  EXPECT_FALSE(plain->is_damaged);
}

TEST(RtfBody, GivesBackWhatWasWrapped) {
  struct Case {
    std::string_view rtf, text;
    RtfBody::Kind kind;
    std::string_view why;
  };
  const Case cases[] = {
      {R"({\rtf1\ansi\ansicpg1252\fromhtml1 \deff0 {\fonttbl {\f0\fswiss Arial;}{\f1\fmodern Courier New;}})"
       R"({\*\htmltag19 <html>}{\*\htmltag2 \par }{\*\htmltag50 <body>}\htmlrtf\pard\htmlrtf0 )"
       R"({\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Test \'e9 &amp; more{\*\htmltag84 &#43;}\htmlrtf +\htmlrtf0 )"
       R"({\*\mhtmltag84 <img src="cid:1">}{\*\htmltag84 <img src="x">}{\*\htmltag72 </p>}\htmlrtf\par}\htmlrtf0 )"
       R"({\*\htmltag58 </body>}{\*\htmltag27 </html>}})",
       "<html>\r\n<body><p>Test é &amp; more&#43;<img src=\"x\"></p></body></html>", RtfBody::Kind::html,
       "tags and text; what is for readers of RTF is left out"},
      {R"({\rtf1\ansi\fromhtml1{\*\htmltag84 {\\a\{b\}}}\lquote x\rquote\~\u8364 ?\uc0\u-10179\u-8704})",
       "\\a{b}&lsquo;x&rsquo;&nbsp;€😀", RtfBody::Kind::html, "characters by name and by number"},
      {R"({\rtf1\ansi\ansicpg1251\fromhtml1{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset128 B;}}{\*\htmltag84 <p \'e0>})"
       R"(\f1\'82\'a0\f0\'e4)",
       "<p а>あä", RtfBody::Kind::html, "markup by the document's code page, text by its font; it breaks off"},
      {R"({\rtf1\ansi\fromtext{\fonttbl{\f0 A;}}{\*\generator X;}Line one\par\tab two <b>\line three\par})",
       "Line one\r\n\ttwo <b>\r\nthree\r\n", RtfBody::Kind::text, "plain text"},
      {R"({\rtf1\ansi{\stylesheet{\s0 Normal;}}{\info{\title No}}{\pict 00ff}\b Bold\b0  and {\i more}\bullet.\par})",
       "Bold and more•.\r\n", RtfBody::Kind::rtf, "RTF's own text"},
      {R"({\rtf1\ansi\bin3 }}}x})", "x", RtfBody::Kind::rtf, "bytes are no braces"},
      {"", "", RtfBody::Kind::rtf, "nothing"},
  };
  for (const Case& c : cases) {
    const RtfBody body = read_rtf_body(c.rtf);
    EXPECT_EQ(body.text, c.text) << c.why;
    EXPECT_EQ(body.kind, c.kind) << c.why;
    EXPECT_EQ(body.is_damaged, !c.rtf.ends_with('}')) << c.why;
  }
  EXPECT_TRUE(read_rtf_body(std::string(2000, '{')).is_damaged);
}

}  // namespace
}  // namespace kontor::mapi
