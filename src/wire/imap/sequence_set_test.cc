// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/sequence_set.h"

#include <gtest/gtest.h>

namespace kontor::wire::imap {
namespace {

TEST(SequenceSet, Resolves) {
  struct Case {
    const char* text;
    std::uint32_t star;
    const char* expected;
    const char* why;
  };
  const Case cases[] = {
      {"1", 10, "1", "one number"},
      {"2,4:7,9,12:*", 15, "2,4:7,9,12:15", "the RFC's example"},
      {"*:4,5:7", 10, "4:10", "overlapping, backwards with a star"},
      {"5:3,4:9,1", 9, "1,3:9", "any order"},
      {"1:3,4,5:6", 6, "1:6", "neighbours merge"},
      {"559:*", 20, "20:559", "a star below the first number (RFC 3501 section 6.4.8)"},
      {"*", 0, "", "a star in an empty folder"},
      {"1:*,3", 0, "3", "a range with a star in an empty folder"},
      {"1:4294967295", 3, "1:4294967295", "everything, as one range"},
      {"4294967295,1:4294967294", 3, "1:4294967295", "no overflow at the end"},
  };
  for (const auto& c : cases) {
    const auto set = SequenceSet::parse(c.text);
    ASSERT_TRUE(set) << c.why;
    EXPECT_EQ(print(set->resolve(c.star)), c.expected) << c.why;
    EXPECT_EQ(set->print(), c.text) << c.why;
  }
}

TEST(SequenceSet, Refuses) {
  for (const char* text : {"",    "0",     "01", "1,",  ",1",  "1:",  ":1", "1::2", "4294967296",          "-1", "a",
                           "1 2", "1:2:3", "$1", "$,1", "1,$", "$:3", "*1", "1*",   "99999999999999999999"}) {
    EXPECT_FALSE(SequenceSet::parse(text)) << text;
  }
  std::string many = "1";
  for (std::size_t i = 0; i < SequenceSet::kMaxRanges; ++i) many += ",1";
  EXPECT_FALSE(SequenceSet::parse(many));
}

TEST(SequenceSet, KnowsTheSavedResult) {
  const auto set = SequenceSet::parse("$");
  ASSERT_TRUE(set);
  EXPECT_TRUE(set->is_saved_result());
  EXPECT_EQ(set->print(), "$");
  EXPECT_TRUE(set->resolve(7).empty());
  EXPECT_FALSE(SequenceSet::parse("1:3")->is_saved_result());
}

TEST(SequenceSet, AppendContainsCount) {
  Ranges ranges;
  for (const std::uint32_t n : {3U, 4U, 5U, 5U, 9U, 4294967295U, 4294967295U}) append(ranges, n);
  EXPECT_EQ(print(ranges), "3:5,9,4294967295");
  EXPECT_EQ(count(ranges), 5U);
  for (const std::uint32_t n : {3U, 5U, 9U, 4294967295U}) EXPECT_TRUE(contains(ranges, n)) << n;
  for (const std::uint32_t n : {0U, 2U, 6U, 8U, 10U, 4294967294U}) EXPECT_FALSE(contains(ranges, n)) << n;
}

}  // namespace
}  // namespace kontor::wire::imap
