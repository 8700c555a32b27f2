// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include "formats/lines/reader.h"
#include "formats/lines/writer.h"

namespace kontor::lines {
namespace {

Component one(std::string_view text, std::string_view charset = {}) {
  const auto found = read(text, charset);
  EXPECT_TRUE(found.has_value()) << (found ? "" : found.error().text);
  return found && !found->components.empty() ? found->components.front() : Component{};
}

TEST(ContentLines, ReadsWhatProgramsWrite) {
  struct Case {
    std::string_view line, name, value, why;
  };
  const Case cases[] = {
      {"SUMMARY:plain", "SUMMARY", "plain", ""},
      {"SUMMARY:fol\r\n ded", "SUMMARY", "folded", "a blank is taken off"},
      {"SUMMARY:fol\n\tded", "SUMMARY", "folded", "bare LF and a tab"},
      {"SUMMARY:two\r\n  words", "SUMMARY", "two words", "only one blank"},
      {"SUMMARY;X=1:\xC3\r\n \xA4", "SUMMARY", "ä", "a fold within a character"},
      {"SUMMARY:\xE4", "SUMMARY", "ä", "no UTF-8: windows-1252"},
      {"SUMMARY;CHARSET=iso-8859-2:\xE8", "SUMMARY", "č", "vCalendar 1.0"},
      {"NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:a=C3=A4=0D=0Ab=\r\nc", "NOTE", "aä\\nbc", "soft line end"},
      {"NOTE;QUOTED-PRINTABLE:x=3Dy", "NOTE", "x=y", "without ENCODING="},
      {"SUMMARY :blank", "SUMMARY", "blank", "before the colon"},
      {"X_A:1", "X-A", "1", "no character of a name"},
      {"SUMMARY:be\x07ll", "SUMMARY", "bell", "control characters go"},
      {"DESCRIPTION:one\r\ntwo, three", "DESCRIPTION", "one\\ntwo\\, three", "a bare line end in a text"},
      {"PHOTO:0123456789012345678901234567890123456789012345678901234567890123456789\r\nabc", "PHOTO",
       "0123456789012345678901234567890123456789012345678901234567890123456789abc", "cut by width without a blank"},
      {"UID:1\r\nnonsense", "UID", "1", "what follows is kept aside"},
      {"FN;CN=\"a:b;c,d\":e", "FN", "e", "quotes hold separators"},
      {"FN;CN=\"open:e", "FN", "e", "a quote that never closes"},
  };
  for (const Case& c : cases) {
    const Component component = one("BEGIN:X\r\n" + std::string(c.line) + "\r\nEND:X\r\n");
    ASSERT_FALSE(component.properties.empty()) << c.line;
    EXPECT_EQ(component.properties[0].name, c.name) << c.line << ": " << c.why;
    EXPECT_EQ(component.properties[0].value, c.value) << c.line << ": " << c.why;
    EXPECT_EQ(one(write(component)), component) << c.line;
  }
}

TEST(ContentLines, KeepsOrderGroupsAndParameters) {
  const std::string text =
      "BEGIN:A\r\nitem1.TEL;TYPE=home,\"x;y\";X-Z=^n^^^':1\r\nBEGIN:B\r\nX-IN:1\r\nEND:B\r\nX-LATE:2\r\nEND:A\r\n";
  const Component a = one(text);
  ASSERT_EQ(a.properties.size(), 2U);
  EXPECT_EQ(a.properties[0].group, "item1");
  EXPECT_EQ(a.properties[0].parameters[0].values, (std::vector<std::string>{"home", "x;y"}));
  EXPECT_EQ(a.properties[0].parameter("x-z"), "\n^\"");
  EXPECT_EQ(write(a), text);
}

TEST(ContentLines, MissingEndsAndMarks) {
  EXPECT_EQ(one("\xEF\xBB\xBF"
                "begin:a\nx:1\nend:A\n")
                .properties.size(),
            1U);
  EXPECT_EQ(one(std::string_view("\xFF\xFE"
                                 "B\0E\0G\0I\0N\0:\0A\0\n\0X\0:\0\xE4\0\n\0",
                                 26))
                .value("X"),
            "ä");
  EXPECT_EQ(one("BEGIN:A\rX:1\rEND:A\r").value("X"), "1");
  EXPECT_EQ(one("BEGIN:A\nX:\xCE\nEND:A\n", "iso-8859-7").value("X"), "Ξ");
  const auto cut = read("BEGIN:A\nBEGIN:B\nX:1\nEND:A\nBEGIN:A\nX:1");
  ASSERT_TRUE(cut.has_value());
  EXPECT_EQ(cut->components.size(), 2U);
  EXPECT_TRUE(cut->is_truncated);
  ASSERT_EQ(cut->repairs.size(), 2U);
  EXPECT_EQ(cut->repairs[0].line, 4U);
  EXPECT_EQ(cut->repairs[0].text, "END:B is missing");
  EXPECT_FALSE(read("BEGIN:A\nEND:A\n")->is_truncated);
}

TEST(ContentLines, FoldsBetweenCharacters) {
  Component component{.name = "A"};
  component.set("X", std::string(71, 'x') + "ääää" + std::string(200, 'y'));
  const std::string text = write(component);
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = text.find("\r\n", from);
    EXPECT_LE(end - from, 75U);
    from = end + 2;
    if (text.substr(from, 1) == " ") EXPECT_NE(static_cast<unsigned char>(text.at(from + 1)) & 0xC0, 0x80);
  }
  EXPECT_EQ(one(text), component);
}

TEST(ContentLines, LimitsNameTheLine) {
  const Limits limits{.bytes = 200, .depth = 2, .components = 3, .properties = 2, .parts = 6};
  const std::pair<std::string, std::string_view> cases[] = {
      {std::string(201, 'x'), "line 1: 201 bytes, and 200 are allowed."},
      {"BEGIN:A\nBEGIN:B\nBEGIN:C\n", "line 3: more than 2 components inside each other."},
      {"BEGIN:A\nEND:A\nBEGIN:A\nEND:A\nBEGIN:A\nEND:A\nBEGIN:A\n", "line 7: more than 3 components."},
      {"BEGIN:A\nX:1\n 2\nX:2\nX:3\n", "line 5: more than 2 properties."},
      {"BEGIN:A\nX;A=1,2;B=3:\nX;A=,:\n", "line 3: more than 6 parameters and values of them."},
      {"Dear all,\nsee you\n", "line 1: no BEGIN line: this is neither a calendar nor a card."},
  };
  for (const auto& [text, expected] : cases) {
    const auto found = read(text, {}, limits);
    ASSERT_FALSE(found.has_value()) << text;
    EXPECT_EQ(found.error().text, expected);
  }
}

// Would take minutes if each piece were looked for with all that stand before it.
TEST(ContentLines, ManyPiecesTakeTimeInProportion) {
  std::string text = "BEGIN:VCARD\r\nNOTE;A=";
  for (int i = 0; i < 400'000; ++i) text += "\r\n x=";
  text += ":end\r\nEND:VCARD\r\n";
  EXPECT_EQ(one(text).value("NOTE"), "end");
  EXPECT_EQ(one("BEGIN:VCARD\nNOTE;A=\n b;ENCODING=\n QUOTED-PRINTABLE:x=\ny=3D\nEND:VCARD\n").value("NOTE"), "xy=");
}

TEST(ContentLines, EscapesText) {
  EXPECT_EQ(unescape("a\\, b\\; c\\\\d\\Ne\\q\\"), "a, b; c\\d\ne\\q\\");
  EXPECT_EQ(escape("a, b; c\\d\r\ne"), "a\\, b\\; c\\\\d\\ne");
  EXPECT_EQ(split("a\\,b,c,", ','), (std::vector<std::string_view>{"a\\,b", "c", ""}));
}

}  // namespace
}  // namespace kontor::lines
