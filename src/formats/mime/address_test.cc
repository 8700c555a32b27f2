// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include <chrono>

#include "formats/mime/entity_text.h"
#include "formats/mime/header.h"

namespace kontor::mime {
namespace {

struct AddressCase {
  std::string_view text;
  std::string_view expected;
  std::string_view why;
};

TEST(Addresses, AreReadAsMeant) {
  const AddressCase cases[] = {
      {"", "", "nothing"},
      {" , ,\r\n ,", "", "empty elements (RFC 5322 section 4.4)"},
      {"joe@x.org", "<joe@x.org>", "plain"},
      {"Joe Q. Public <joe@x.org>", "Joe Q. Public <joe@x.org>", "a name with a dot"},
      {"\"Joe, \\\"the\\\" Q\" <joe@x.org>", "Joe, \"the\" Q <joe@x.org>", "quoted, with escapes"},
      {"joe@x.org (Joe (the) Q)", "Joe (the) Q <joe@x.org>", "a comment as name, nested"},
      {"(Joe) <joe@x.org>", "Joe <joe@x.org>", "in front"},
      {"<joe@x.org> (Joe)", "Joe <joe@x.org>", "behind"},
      {"Joe (not me) <joe@x.org>", "Joe <joe@x.org>", "a name is better than a comment"},
      {"<joe@x.org> Joe", "Joe <joe@x.org>", "a name in the wrong place"},
      {"=?utf-8?q?J=C3=B6?= <j@x>", "=?utf-8?q?J=C3=B6?= <j@x>", "raw: nothing is decoded"},
      {"J\xf6rg <j\xc3\xb6@x>", "J\xf6rg <j\xc3\xb6@x>", "8-bit"},
      {"Joe\r\n Q <joe\r\n @x.org>", "Joe Q <joe@x.org>", "folds"},
      {"joe . q @ x . org", "<joe.q@x.org>", "blanks around dots and at signs (obsolete)"},
      {"<@a,@b:joe@x.org>", "<@a,@b:joe@x.org>", "a route"},
      {"<@a>", "<@a>", "no route without a colon"},
      {"\"joe q\"@x.org", "<joe q@x.org>", "a quoted local part"},
      {"\"a@b\"@x.org", "<a@b@x.org>", "with an at sign in it"},
      {"joe@[IPv6:::1]", "<joe@[IPv6:::1]>", "a domain literal"},
      {"joe@[1.2.3.4", "<joe@[1.2.3.4>", "a broken one"},
      {"Friends: joe@x, Eve <eve@x>;, z@x", "Friends:, <joe@x>, Eve <eve@x>, ;, <z@x>", "a group"},
      {"undisclosed-recipients:;", "undisclosed-recipients:, ;", "an empty group"},
      {"\"My List\": a@x", "My List:, <a@x>, ;", "an unclosed group is closed"},
      {"a@x; b@x", "<a@x>, <b@x>", "semicolons between addresses"},
      {"a@x b@x", "<a@x>", "two without comma: the first"},
      {"Joe Q joe@x", "Joe Q <joe@x>", "a name before a bare address"},
      {"\"Joe Q\" joe@x", "Joe Q <joe@x>", "quoted"},
      {"postmaster", "<postmaster>", "no domain"},
      {"Joe Q", "Joe Q <>", "no address, only a name"},
      {"<>", "<>", "an empty path"},
      {"Joe <>", "Joe <>", "with a name"},
      {"Joe <joe@x.org", "Joe <joe@x.org>", "no closing bracket"},
      {"Joe <joe@x, Eve <eve@x>", "Joe <joe@x>, Eve <eve@x>", "none, and a comma"},
      {"Joe joe@x>", "Joe <joe@x>", "no opening bracket"},
      {"<<joe@x>>", "<joe@x>", "two of each"},
      {"Joe <mob <joe@x>", "Joe mob <joe@x>", "a bracket in the name"},
      {"a@x <b@x>", "a@x <b@x>", "an address as name"},
      {"A <a@x> B <b@x>", "A <a@x>, B <b@x>", "no comma after a bracket"},
      {"a@b@c", "<a@b@c>", "the last at sign counts"},
      {"a@x (open, b@x", "open, b@x <a@x>", "a comment without end"},
      {"\"open <a@x>", "open <a@x> <>", "a quote without end: all of it is text"},
      {"a\\,b@x", "<a,b@x>", "an escape outside of quotes"},
      {"Joe :-) <a@x>", "Joe:, -) <a@x>, ;", "a colon begins a group, whatever was meant"},
      {"a) <a@x>", "a) <a@x>", "a closing bracket alone"},
      {"\\", "", "and nothing behind it"},
  };
  for (const auto& c : cases) EXPECT_EQ(text_of(parse_addresses(c.text, 100)), c.expected) << c.why << ": " << c.text;
}

TEST(Addresses, PartsAreWhereEnvelopesHaveThem) {
  const auto list = parse_addresses("Team: \"a@b\"@x;", 100);
  ASSERT_EQ(list.size(), 3U);
  EXPECT_TRUE(list[0].is_group_start);
  EXPECT_EQ(list[0].mailbox, "Team");
  EXPECT_EQ(list[0].host, "");
  EXPECT_EQ(list[1].mailbox, "a@b");
  EXPECT_EQ(list[1].host, "x");
  EXPECT_TRUE(list[2].is_group_end);
  const auto split = parse_addresses("a@b@c", 1);
  EXPECT_EQ(split[0].mailbox, "a@b");
  EXPECT_EQ(split[0].host, "c");
}

TEST(Addresses, LimitKeepsGroupsClosed) {
  EXPECT_EQ(text_of(parse_addresses("a, b, c", 2)), "<a>, <b>");
  EXPECT_EQ(text_of(parse_addresses("g: a, b, c;", 2)), "g:, <a>, ;");
  EXPECT_EQ(text_of(parse_addresses("a@x", 0)), "");
}

// A quadratic reader would need minutes for these.
TEST(Addresses, HostileInputTakesLinearTime) {
  for (const std::string_view piece :
       {"(", ",", "<", "<@", "\"", "a ", "a:", "@", "\\", "[", "=?", "a@[", "<a@b> ", "((a)", ")", "a@b c "}) {
    std::string text;
    while (text.size() < 200'000) text += piece;
    const auto start = std::chrono::steady_clock::now();
    parse_addresses(text, 10'000);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << piece;
  }
}

}  // namespace
}  // namespace kontor::mime
