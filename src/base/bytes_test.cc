// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/bytes.h"

#include <gtest/gtest.h>

namespace kontor {
namespace {

TEST(Bytes, BigEndianKeysSortLikeTheirNumbers) {
  std::string small, large;
  append_be64(small, 255);
  append_be64(large, 256);
  EXPECT_LT(small, large);
  EXPECT_EQ(read_be64(large), 256U);
  std::string word;
  append_be32(word, 0xfffefdfcU);
  EXPECT_EQ(read_be32(word), 0xfffefdfcU);
}

TEST(Bytes, HexAndBase64RoundTripEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    bytes.push_back(static_cast<char>(i * 7));
  }
}

TEST(Bytes, Base64RefusesWhatIsNotBase64) {
  EXPECT_EQ(from_base64("TWFu"), "Man");
  EXPECT_EQ(from_base64("TWE="), "Ma");
  EXPECT_EQ(from_base64("TWE"), "Ma");
  EXPECT_FALSE(from_base64("T"));
  EXPECT_FALSE(from_base64("TW=u"));
  EXPECT_FALSE(from_base64("TW Fu"));
  EXPECT_FALSE(from_base64("TWF="));  // the two unused bits are not zero
}

TEST(Bytes, CaseFoldingIsAsciiOnly) {
  EXPECT_TRUE(iequals("InBoX", "INBOX"));
  EXPECT_FALSE(iequals("\xc3\xa4", "\xc3\x84"));
  EXPECT_EQ(to_lower("AZ\xc3\x84"), "az\xc3\x84");
}

TEST(Bytes, ConstantTimeCompare) {
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "ab"));
}

}  // namespace
}  // namespace kontor
