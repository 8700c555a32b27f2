// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/collation_pattern.h"

#include <gtest/gtest.h>

namespace kontor::wire::imap {
namespace {

TEST(CollationPattern, MatchesWithWildcards) {
  struct Case {
    const char* pattern;
    const char* id;
    bool expected;
  };
  const Case cases[] = {
      {"i;octet", "i;octet", true},
      {"I;Octet", "i;octet", true},
      {"i;octe", "i;octet", false},
      {"i;octet2", "i;octet", false},
      {"*", "i;octet", true},
      {"i;*", "i;octet", true},
      {"cz;*", "i;octet", false},
      {"*casemap", "i;octet", false},
      {"*casemap", "i;ascii-casemap", true},
      {"i;*-case*", "i;ascii-casemap", true},
      {"*i*i*", "i;ascii-casemap", true},
      {"*i*i*i*i*", "i;ascii-casemap", false},
      {"i;octet**", "i;octet", true},
  };
  for (const auto& c : cases) {
    const auto pattern = parse_collation_pattern(c.pattern);
    ASSERT_TRUE(pattern) << c.pattern;
    EXPECT_EQ(pattern->matches(c.id), c.expected) << c.pattern << " " << c.id;
  }
}

TEST(CollationPattern, HasADirection) {
  EXPECT_TRUE(parse_collation_pattern("-i;octet")->is_descending);
  EXPECT_FALSE(parse_collation_pattern("+i;octet")->is_descending);
  EXPECT_EQ(parse_collation_pattern("+i;octet")->name, "i;octet");
  EXPECT_TRUE(parse_collation_pattern("Default")->is_default());
}

TEST(CollationPattern, RefusesWhatCannotBeOne) {
  for (const auto& text : {std::string(), std::string("-"), std::string("i octet"), std::string("i;\xc3\xa4"),
                           std::string("i;octet\r\n"), std::string(255, 'a')})
    EXPECT_FALSE(parse_collation_pattern(text)) << text;
}

}  // namespace
}  // namespace kontor::wire::imap
