// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/glob.h"

#include <gtest/gtest.h>

#include <string>

#include "formats/sieve/compare.h"

namespace kontor::sieve {
namespace {

std::string captures_of(Comparator comparator, std::string_view value, std::string_view pattern) {
  std::uint64_t cost = 0;
  const auto captures = match_glob(comparator, value, pattern, cost);
  if (!captures) return "no";
  std::string text;
  for (const std::string_view capture : *captures) text += "[" + std::string(capture) + "]";
  return text;
}

struct GlobCase {
  const char* value;
  const char* pattern;
  const char* captures;
};

TEST(SieveGlob, MatchesAsShortAsItCan) {
  const GlobCase cases[] = {
      {"", "", ""},
      {"", "*", "[]"},
      {"", "?", "no"},
      {"a", "", "no"},
      {"abc", "abc", ""},
      {"ABC", "abc", ""},
      {"abc", "ab", "no"},
      {"frop", "fr??", "[o][p]"},
      {"frop", "fr???", "no"},
      {"frop", "*p", "[fro]"},
      {"frop", "f*", "[rop]"},
      {"aXbXc", "*X*", "[a][bXc]"},
      {"aXbXc", "*X*X*", "[a][b][c]"},
      {"aXbX", "*X", "[aXb]"},
      {"aaab", "*ab", "[aa]"},
      {"abab", "ab*ab", "[]"},
      {"aba", "ab*ba", "no"},
      {"[acme-users] [fwd]: version 1.0 is out", "[*] *", "[acme-users][[fwd]: version 1.0 is out]"},
      {"a*b", "a\\*b", ""},
      {"axb", "a\\*b", "no"},
      {"a\\b", "a\\\\b", ""},
      {"abc", "a\\bc", ""},
      {"xxaybxxazbyy", "*a?b*", "[xx][y][xxazbyy]"},
      {"aXXb", "a*?b", "[X][X]"},
      {"aXXb", "a?*b", "[X][X]"},
      {"gr\xC3\xBC\xC3\x9F", "gr??", "[\xC3\xBC][\xC3\x9F]"},
      {"\xFFx", "?x", "[\xFF]"},
  };
  for (const GlobCase& c : cases)
    EXPECT_EQ(captures_of(Comparator::ascii_casemap, c.value, c.pattern), c.captures) << c.pattern;
  EXPECT_EQ(captures_of(Comparator::octet, "ABC", "abc"), "no");
  EXPECT_EQ(captures_of(Comparator::octet, "\xC3\xBC", "??"), "[\xC3][\xBC]");
  EXPECT_EQ(captures_of(Comparator::unicode_casemap, "GR\xC3\x9CN", "gr\xC3\xBC*"), "[N]");
}

TEST(SieveGlob, CostsLinearTime) {
  const std::string value(200'000, 'a');
  std::string pattern;
  for (int i = 0; i < 60; i++) pattern += "a*";
  std::uint64_t cost = 0;
  EXPECT_FALSE(match_glob(Comparator::octet, value, pattern + "b*a", cost));
  EXPECT_LT(cost, 10 * value.size());
  cost = 0;
  EXPECT_FALSE(match_glob(Comparator::octet, value, "*" + std::string(60, '?') + "b*", cost));
  EXPECT_LT(cost, 10 * value.size());
}

TEST(SieveCompare, Comparators) {
  EXPECT_EQ(order(Comparator::ascii_numeric, "007", "7"), 0);
  EXPECT_LT(order(Comparator::ascii_numeric, "9 apples", "10"), 0);
  EXPECT_GT(order(Comparator::ascii_numeric, "x", "99999999999999999999999999"), 0);
  EXPECT_EQ(order(Comparator::ascii_numeric, "x", ""), 0);
  EXPECT_EQ(fold(Comparator::ascii_casemap,
                 "\xC3\x84"
                 "Bc"),
            "\xC3\x84"
            "bc");
  EXPECT_EQ(fold(Comparator::unicode_casemap, "\xC3\x84"), fold(Comparator::unicode_casemap, "\xC3\xA4"));
  EXPECT_EQ(fold(Comparator::unicode_casemap, "a"), fold(Comparator::unicode_casemap, "A"));
  EXPECT_NE(fold(Comparator::octet, "a"), fold(Comparator::octet, "A"));
}

}  // namespace
}  // namespace kontor::sieve
