// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/content_hint.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <tuple>

#include "formats/lines/reader.h"
#include "groupware/search/text.h"

namespace kontor::groupware {
namespace {

bool may_be(std::string_view text, std::string_view content) {
  ContentHint hint;
  hint.needs(text);
  return hint.may_be_in(content);
}

// What the reader makes of it has the text in a value.
bool is_in_value(std::string_view text, std::string_view content, Collation collation) {
  const auto read = lines::read(content);
  if (!read) return false;
  for (const lines::Property& property : read->components.front().properties)
    if (contains_text(fold_text(lines::unescape(property.value), collation), fold_text(text, collation))) return true;
  return false;
}

TEST(ContentHint, SaysWhatCannotBeThere) {
  const std::string content =
      "BEGIN:VEVENT\r\nSUMMARY:Bud\r\n get of the S\xC3\xA9\xC3\xA1nce\\, later\r\nEND:VEVENT\r\n";
  const std::tuple<std::string_view, bool> cases[] = {
      {"budget", true},           {"BUDGET of", true}, {"budgets", false},
      {"of the s\xC3\x89", true}, {"seance", false},   {"S\xC3\xA9\xC3\xA1nce, later", true},
      {"later, seldom", false},   {"", true},          {" ,;", true},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(may_be(text, content), expected) << text;
}

TEST(ContentHint, WhatIsEncodedMayBeAnything) {
  constexpr std::string_view kContents[] = {
      "BEGIN:VEVENT\r\nSUMMARY;ENCODING=QUOTED-PRINTABLE:=42udget\r\nEND:VEVENT\r\n",
      "BEGIN:VCARD\r\nNOTE;QUOTED PRINTABLE:=42udget\r\nEND:VCARD\r\n",
      "BEGIN:VCARD\r\nNOTE;CHARSET=UTF-7:+AEI-udget\r\nEND:VCARD\r\n",
      "\xFF\xFE",
      {"B\0E\0G\0", 6},
      "BEGIN:VCARD\r\nNOTE:\xE9\r\n",
  };
  for (const std::string_view content : kContents) EXPECT_TRUE(may_be("Budget", content)) << content;
  EXPECT_FALSE(may_be("Budget", "BEGIN:VCARD\r\nNOTE:Budge\r\nEND:VCARD\r\n"));
}

TEST(ContentHint, OneOfSeveralIsEnough) {
  ContentHint hint;
  hint.needs_one_of({"ann smith", "bob"});
  hint.needs("example");
  EXPECT_FALSE(hint.is_empty());
  EXPECT_TRUE(hint.may_be_in("FN:Bob\r\nORG:Example\r\n"));
  EXPECT_TRUE(hint.may_be_in("FN:Smith\r\nORG:Example\r\n"));
  EXPECT_FALSE(hint.may_be_in("FN:Ann\r\nORG:Example\r\n"));
  EXPECT_FALSE(hint.may_be_in("FN:Bob\r\nORG:Other\r\n"));
  ContentHint blank;
  blank.needs_one_of({"ann", " "});
  EXPECT_TRUE(blank.is_empty());
}

// Whatever a reader finds in a value, the bytes may have.
TEST(ContentHint, NothingIsMissed) {
  std::mt19937 random(11);
  constexpr std::string_view kParts[] = {
      "a",        "B",  "n", "N", " ", "\\n",  "\\,",      "\\;", "\\\\", "\\",   "\xC3\xA9", "\"", "\xEF\xAC\x81",
      "\xC5\xBF", "\t", ":", ",", "=", "\x01", "\xC2\xA0", "^n",  "1",    "\xE9", "K",        "-"};
  const auto pick = [&](std::size_t most) { return random() % most; };
  int found = 0;
  int ruled_out = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string value;
    for (std::size_t length = 1 + pick(90); value.size() < length;) {
      // The odd ones seldom, or all content would be odd.
      const std::size_t part = pick(40) == 0 ? pick(std::size(kParts)) : pick(12);
      value += kParts[part];
    }
    std::string content = "BEGIN:VEVENT\r\n";
    std::string line = (pick(30) == 0 ? "NOTE;ENCODING=QUOTED-PRINTABLE:" : "NOTE:") + value;
    for (std::size_t at = 0, step = 0; at < line.size(); at += step) {
      step = 1 + pick(75);
      const char* const breaks[] = {"\r\n ", "\r\n\t", "\n ", "\r\n"};
      content += (at == 0 ? "" : breaks[pick(60) == 0 ? 3 : pick(3)]) + line.substr(at, step);
    }
    content += "\r\nEND:VEVENT\r\n";
    const auto read = lines::read(content);
    ASSERT_TRUE(read);
    if (read->components.front().properties.empty()) continue;
    const std::string text = lines::unescape(read->components.front().properties.front().value);
    const std::size_t from = pick(text.size() + 1);
    std::string needle = pick(3) == 0 ? "bna" : text.substr(from, 1 + pick(8));
    while (!needle.empty() && (static_cast<unsigned char>(needle.front()) & 0xc0) == 0x80) needle.erase(0, 1);
    while (!needle.empty() && static_cast<unsigned char>(needle.back()) >= 0x80) needle.pop_back();
    const bool may = may_be(needle, content);
    for (const Collation collation : {Collation::octet, Collation::ascii_casemap, Collation::unicode_casemap}) {
      const bool is_there = is_in_value(needle, content, collation);
      EXPECT_TRUE(may || !is_there) << fmt::format("{:?} in {:?}", needle, content);
      found += is_there ? 1 : 0;
    }
    ruled_out += may ? 0 : 1;
  }
  EXPECT_GT(found, 10'000);
  EXPECT_GT(ruled_out, 1'000);
}

}  // namespace
}  // namespace kontor::groupware
