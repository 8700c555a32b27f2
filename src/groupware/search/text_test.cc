// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/text.h"

#include <gtest/gtest.h>

#include <chrono>

#include "groupware/search/fold.h"

namespace kontor::groupware {
namespace {

TEST(ContainsText, IsExactAndLinear) {
  EXPECT_TRUE(contains_text("", ""));
  EXPECT_TRUE(contains_text("abc", ""));
  EXPECT_FALSE(contains_text("", "a"));
  EXPECT_TRUE(contains_text(std::string_view("a\0b", 3), std::string_view("\0b", 2)));
  EXPECT_FALSE(contains_text("abab", "abb"));
  const std::string text(2'000'000, 'a'), needle = std::string(50'000, 'a') + "b";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(contains_text(text, needle));
  EXPECT_FALSE(contains_text(text, "b" + std::string(50'000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

// RFC 5051: title case, then the whole decomposition.
TEST(FoldText, IsUnicodeCasemap) {
  struct Case {
    const char* a;
    const char* b;
    bool equal;
    const char* why;
  };
  const Case cases[] = {
      {"Subject", "sUBJECT", true, "ASCII"},
      {"Gr\u00dc\u00dfe", "gr\u00fc\u00dfe", true, "case of umlauts"},
      {"gr\u00fc", "gru\u0308", true, "composed and decomposed"},
      {"stra\u00dfe", "strasse", false, "full case folding is not part of it"},
      {"\u01c4", "\u01c6", true, "digraphs have a title case"},
      {"\ufb01n", "fin", false, "what comes of a decomposition keeps its case"},
      {"\u03a3", "\u03c2", true, "final sigma"},
      {"\uac00", "\u1100\u1161", false, "syllables of Hangul stay whole"},
      {"\xff", "\ufffd", true, "what is not UTF-8"},
  };
  for (const auto& c : cases) EXPECT_EQ(fold_text(c.a) == fold_text(c.b), c.equal) << c.why;
}

}  // namespace
}  // namespace kontor::groupware
