// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/smtp/reply_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace kontor::wire::smtp {
namespace {

TEST(ReplyReader, ReadsReplies) {
  struct Case {
    std::vector<std::string> lines;
    int code;  // 0 = refused
    std::string enhanced, text;
    std::string why;
  };
  const std::vector<Case> cases = {
      {{"250 2.1.5 Ok"}, 250, "2.1.5", "Ok", "RFC 2034"},
      {{"250"}, 250, "", "", "no text at all"},
      {{"250-mx.example.org", "250-PIPELINING", "250 SIZE 10"}, 250, "", "mx.example.org PIPELINING SIZE 10", "EHLO"},
      {{"550-5.7.1 Not", "550 5.7.1 you"}, 550, "5.7.1", "Not you", "the code stands on each line"},
      {{"550 2.7.1 Odd"}, 550, "", "2.7.1 Odd", "its class is another"},
      {{"550 5.7.1.2 Odd"}, 550, "", "5.7.1.2 Odd", "no such code"},
      {{"550 5.1234.1 Odd"}, 550, "", "5.1234.1 Odd", "too many digits"},
      {{"354 go \tahead\x01"}, 354, "", "go  ahead ", "control characters"},
      {{"25 x"}, 0, "", "", "two digits"},
      {{"650 x"}, 0, "", "", "no such class"},
      {{"250/x"}, 0, "", "", "a wrong mark"},
      {{"250-a", "550 b"}, 0, "", "", "two codes"},
      {{"SSH-2.0-OpenSSH"}, 0, "", "", "another protocol"},
  };
  for (const Case& one : cases) {
    ReplyReader reader;
    std::expected<bool, std::string> state = false;
    for (const std::string& line : one.lines) {
      ASSERT_TRUE(state && !*state) << one.why;
      state = reader.feed(line);
    }
    EXPECT_EQ(state.has_value(), one.code != 0) << one.why;
    if (!state || one.code == 0) continue;
    EXPECT_TRUE(*state) << one.why;
    const Reply reply = reader.take();
    EXPECT_EQ(reply.code, one.code) << one.why;
    EXPECT_EQ(reply.enhanced, one.enhanced) << one.why;
    EXPECT_EQ(joined_text(reply), one.text) << one.why;
  }
}

TEST(ReplyReader, RefusesRepliesWithoutEnd) {
  ReplyReader reader;
  std::size_t lines = 0;
  while (reader.feed("250-again")) ASSERT_LE(++lines, kMaxReplyLines);
  EXPECT_EQ(lines, kMaxReplyLines);
}

}  // namespace
}  // namespace kontor::wire::smtp
