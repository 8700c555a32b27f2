// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/index/tokens.h"

#include <gtest/gtest.h>

#include "groupware/search/fold.h"
#include "groupware/search/index/lexicon.h"

namespace kontor::groupware {
namespace {

std::string terms_of(std::string_view text, std::size_t piece = 1'000'000) {
  std::string out;
  TermCutter cutter([&](std::string_view term) { (out += out.empty() ? "" : " ") += term; });
  const std::string folded = fold_text(text);
  for (std::size_t at = 0; at < folded.size(); at += piece) cutter.feed(std::string_view(folded).substr(at, piece));
  cutter.end();
  return out;
}

std::string print_conditions(std::string_view needle) {
  const auto conditions = conditions_of(fold_text(needle));
  std::string out;
  for (const auto& one : conditions.all)
    out += (out.empty() ? "" : " ") + std::string(one.at_start ? "" : "*") + one.text + (one.at_end ? "" : "*");
  return out + (conditions.decides ? " decides" : "");
}

TEST(TermCutter, CutsByCharactersAlone) {
  struct Case {
    const char* text;
    const char* terms;
    const char* why;
  };
  const Case cases[] = {
      {"", "", "nothing"},
      {"Hello, world-wide web_2", "HELLO WORLD WIDE WEB 2", "words"},
      {"ada@example.org", "ADA EXAMPLE ORG", "an address"},
      {"Gr\u00fc\u00dfe", "GRU\u0308\u00dfE", "marks belong to words"},
      {"\u041f\u0440\u0438\u0432\u0435\u0442", "\u041f\u0420\u0418\u0412\u0415\u0422", "Cyrillic"},
      {"\u65e5\u672c\u8a9e", "\u65e5\u672c \u672c\u8a9e", "neighbours where words have no blanks between them"},
      {"\u65e5", "\u65e5", "one alone"},
      {"a\u65e5\u672c9", "A \u65e5\u672c 9", "scripts side by side"},
      {"\u304c", "\u304b\u3099", "a mark is a character of its own"},
      {"\ud55c\uad6d \uc5b4", "\ud55c\uad6d \uc5b4", "Korean has blanks"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(terms_of(c.text), c.terms) << c.why;
  }
  EXPECT_EQ(terms_of("one two three", 1), "ONE TWO THREE") << "in pieces";
}

TEST(TermCutter, AnyPieceOfALongWordIsInATerm) {
  std::string word;
  for (int i = 0; word.size() < 20'000; ++i) word += std::to_string(i * 7919);
  for (const std::size_t size : {64U, 65U, 96U, 127U, 128U, 129U, 1000U, 4097U, 20'000U}) {
    const std::string cut = word.substr(0, size);
    Lexicon lexicon;
    TermCutter cutter([&](std::string_view term) {
      EXPECT_LE(term.size(), kLongestTerm);
      lexicon.add(term);
    });
    cutter.feed(cut);
    cutter.end();
    for (std::size_t at = 0; at + kLongestPiece <= size; ++at)
      ASSERT_FALSE(lexicon.matching({cut.substr(at, kLongestPiece)}, TextScope::body).empty()) << size << " " << at;
    EXPECT_FALSE(lexicon.matching({cut.substr(0, 20), true, false}, TextScope::body).empty()) << size;
    EXPECT_FALSE(lexicon.matching({cut.substr(size - 20), false, true}, TextScope::body).empty()) << size;
  }
}

TEST(ConditionsOf, AreWhatATermMustFulfil) {
  struct Case {
    const char* needle;
    const char* conditions;
    const char* why;
  };
  const Case cases[] = {
      {"", "", "nothing"},
      {"@", "", "nothing to go by"},
      {"ell", "*ELL* decides", "a part of a word"},
      {" ell", "ELL*", "the beginning of one, but what is before must be looked at"},
      {"hello world", "*HELLO WORLD*", "an end and a beginning"},
      {"a bc.", "BC *A", "a whole word"},
      {"\u65e5", "*\u65e5* decides", "one character, in any pair"},
      {"\u65e5\u672c", "\u65e5\u672c decides", "a pair"},
      {"\u65e5\u672c\u8a9e", "\u65e5\u672c \u672c\u8a9e", "pairs may be in different places"},
      {"x\u65e5", "*\u65e5* *X", "a word ends where the script changes"},
      {"0123456789012345678901234567890123456789", "*01234567890123456789012345678901*", "the beginning of a long one"},
  };
  for (const auto& c : cases) EXPECT_EQ(print_conditions(c.needle), c.conditions) << c.why;
}

TEST(Lexicon, FindsByConditionAndPlace) {
  Lexicon lexicon;
  for (const char* term : {"HELLO", "SHELL", "ELL", "\x02HELL", "\x02OTHER", "HELLO"}) lexicon.add(term);
  const auto found = [&](const TermCondition& condition, TextScope scope) {
    std::string out;
    for (const auto term : lexicon.matching(condition, scope)) {
      out += out.empty() ? "" : " ";
      for (const char c : term) out += c == kHeaderTerm ? '#' : c;
    }
    return out;
  };
  EXPECT_EQ(found({"ELL", false, false}, TextScope::body), "ELL HELLO SHELL");
  EXPECT_EQ(found({"ELL", false, false}, TextScope::anywhere), "#HELL ELL HELLO SHELL");
  EXPECT_EQ(found({"HE", true, false}, TextScope::anywhere), "#HELL HELLO");
  EXPECT_EQ(found({"HE", true, false}, TextScope::body), "HELLO");
  EXPECT_EQ(found({"ELL", false, true}, TextScope::anywhere), "#HELL ELL SHELL");
  EXPECT_EQ(found({"HELL", true, true}, TextScope::anywhere), "#HELL");
  EXPECT_EQ(found({"X", false, false}, TextScope::anywhere), "");
}

}  // namespace
}  // namespace kontor::groupware
