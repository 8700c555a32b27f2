// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include "wire/xml/parse.h"
#include "wire/xml/print.h"

namespace kontor::wire::xml {
namespace {

constexpr Prefix kTestPrefixes[] = {{"D", "DAV:"}};

std::string printed(const Element& element) {
  std::string out;
  Printer(out, kTestPrefixes).element(element);
  return out.substr(out.find('\n') + 1);
}

TEST(XmlParse, ResolvesNamespaces) {
  const auto root = parse(
      R"(<?xml version="1.0"?><a:one xmlns:a="urn:a" xmlns="urn:b" a:x="1" x="2"><two/><none xmlns=""/>t&lt;&#x41;<![CDATA[<&]]></a:one>)");
  ASSERT_TRUE(root) << root.error().text;
  EXPECT_TRUE(root->is({"urn:a", "one"}));
  EXPECT_EQ(*root->attribute(NameView{"urn:a", "x"}), "1");
  EXPECT_EQ(*root->attribute("x"), "2");
  EXPECT_NE(root->child({"urn:b", "two"}), nullptr);
  EXPECT_NE(root->child({"", "none"}), nullptr);
  EXPECT_EQ(root->own_text(), "t<A<&");
}

struct BadXml {
  std::string bytes;
  Errc code;
  std::string_view words;  // in the error
};

TEST(XmlParse, RefusesWhatIsBadOrTooMuch) {
  std::string deep, many = "<a xmlns='urn:a'>", spacious = "<a xmlns='" + std::string(1 << 20, 'x') + "'>";
  for (int i = 0; i < 100; ++i) spacious += "<b/>";
  for (int i = 0; i < 65; ++i) deep += "<a>";
  for (int i = 0; i < 200'000; ++i) many += "<b/>";
  const BadXml cases[] = {
      {"", Errc::invalid, "no element"},
      {"<a>", Errc::invalid, "line 1, column 4"},
      {"<a/><b/>", Errc::invalid, "junk"},
      {"<a:b/>", Errc::invalid, "prefix"},
      {"<a b='1' b='2'/>", Errc::invalid, "duplicate"},
      {"<a>\xff</a>", Errc::invalid, "well-formed"},
      {"<!DOCTYPE a [<!ENTITY b \"x\">]><a>&b;</a>", Errc::invalid, "document type"},
      {"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", Errc::invalid, "document type"},
      {"<a>&b;</a>", Errc::invalid, "undefined entity"},
      {deep, Errc::too_large, "deeply"},
      {many + "</a>", Errc::too_large, "many"},
      {spacious + "</a>", Errc::too_large, "too large"},
  };
  for (const BadXml& one : cases) {
    const auto root = parse(one.bytes);
    ASSERT_FALSE(root) << one.bytes.substr(0, 80);
    EXPECT_EQ(root.error().code, one.code) << root.error().text;
    EXPECT_NE(root.error().text.find(one.words), std::string::npos) << root.error().text;
  }
}

TEST(XmlPrint, KeepsWhatItMeans) {
  const std::string_view cases[] = {
      R"(<D:a xmlns:D="DAV:"/>)",
      R"(<D:a xmlns:D="DAV:">text</D:a>)",
      R"(<D:a xmlns:D="DAV:" xml:lang="de">&lt;&amp;&gt;&quot;&#13;</D:a>)",
      R"(<D:a xmlns:D="DAV:"><b xmlns="urn:b" x="&#10;&#9;"><c/><d xmlns=""/><D:e/></b>tail<none/></D:a>)",
      R"(<D:a xmlns:D="DAV:" D:x="1" xmlns:a1="urn:q" a1:y="2"/>)",
  };
  for (const std::string_view text : cases) {
    const auto root = parse(text);
    ASSERT_TRUE(root) << text << root.error().text;
    EXPECT_EQ(printed(*root), text);
  }
}

TEST(XmlPrint, WritesOnlyWhatXmlCanHold) {
  std::string out;
  append_escaped(std::string_view("a\0b\x1b\xef\xbf\xbf", 7), out);
  EXPECT_EQ(out, "a\uFFFDb\uFFFD\uFFFD");
  out.clear();
  append_escaped("\uFEFFa\uFFFDb\xef\xbf\xbe&\uFFF0<c", out);
  EXPECT_EQ(out, "\uFEFFa\uFFFDb\uFFFD&amp;\uFFF0&lt;c") << "only two characters that begin with EF are none";
  out.clear();
  append_escaped("gr\xfc\xdf", out);
  EXPECT_EQ(out, "grüß") << "windows-1252";
}

}  // namespace
}  // namespace kontor::wire::xml
