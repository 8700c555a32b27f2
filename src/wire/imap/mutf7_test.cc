// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/mutf7.h"

#include <gtest/gtest.h>

namespace kontor::wire::imap {
namespace {

TEST(Mutf7, RoundTrip) {
  struct Case {
    const char* wire;
    const char* utf8;
    const char* why;
  };
  const Case cases[] = {
      {"", "", "empty"},
      {"INBOX/Sent Items", "INBOX/Sent Items", "plain ASCII with a blank"},
      {"Q&-A", "Q&A", "ampersand"},
      {"&-&-", "&&", "two ampersands"},
      {"Entw&APw-rfe", "Entwürfe", "two-byte UTF-8"},
      {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語", "the RFC's example"},
      {"&2D3cqQ-", "\xf0\x9f\x92\xa9", "a surrogate pair"},
      {"&AOk-&-", "é&", "an ampersand after a shift"},
      {"&AAAACQ-", nullptr, "control characters travel in base64"},
  };
  for (const auto& c : cases) {
    const auto decoded = decode_mutf7(c.wire);
    ASSERT_TRUE(decoded) << c.why;
    if (c.utf8 != nullptr) {
      EXPECT_EQ(*decoded, c.utf8) << c.why;
    }
    EXPECT_EQ(encode_mutf7(*decoded), c.wire) << c.why;
  }
}

TEST(Mutf7, Refuses) {
  struct Case {
    std::string wire;
    const char* why;
  };
  const Case cases[] = {
      {"&", "open shift"},
      {"&AOk", "unfinished base64"},
      {"&AO-", "half a character"},
      {"&AOl-", "bits left over that are not zero"},
      {"&AOkA-", "six spare bits"},
      {"&AGE-", "printable ASCII in base64"},
      {"&AC8-", "a hidden delimiter"},
      {"&AOk-&AOk-", "a shift without need"},
      {"&2D0-", "a lone high surrogate"},
      {"&3Kk-", "a lone low surrogate"},
      {"&A/k-", "the slash of common base64"},
      {"caf\xc3\xa9", "raw UTF-8"},
      {std::string("a\0b", 3), "NUL"},
      {"a\r\nb", "line end"},
  };
  for (const auto& c : cases) EXPECT_FALSE(decode_mutf7(c.wire)) << c.why;
}

TEST(Mutf7, BrokenUtf8BecomesReplacementCharacter) {
  EXPECT_EQ(decode_mutf7(encode_mutf7("a\xff"
                                      "b")),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(decode_mutf7(encode_mutf7("\xed\xa0\x80")), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(decode_mutf7(encode_mutf7("\xc0\xaf")), "\xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace kontor::wire::imap
