// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/select_request.h"

#include <gtest/gtest.h>

namespace kontor::wire::imap {
namespace {

TEST(SelectRequest, Parses) {
  Cursor in(" INBOX (QRESYNC (67890007 90060115194045000 41:211,214:541 (1:3 41,43,45)) CONDSTORE)");
  const auto request = parse_select(in);
  ASSERT_FALSE(in.failed()) << in.error();
  EXPECT_EQ(request.name, "INBOX");
  EXPECT_TRUE(request.condstore);
  ASSERT_TRUE(request.resync);
  EXPECT_EQ(request.resync->uid_validity, 67890007u);
  EXPECT_EQ(request.resync->modseq, 90060115194045000u);
  EXPECT_EQ(print(request.resync->known_uids.value_or(Ranges())), "41:211,214:541");
  EXPECT_EQ(print(request.resync->numbers), "1:3");
  EXPECT_EQ(print(request.resync->uids), "41,43,45");
}

TEST(SelectRequest, TakesFormsOfTheRfc) {
  // RFC 7162 section 3.2.5
  for (const std::string_view text :
       {" INBOX", " INBOX (CONDSTORE)", " INBOX (QRESYNC (67890007 20050715194045000))",
        " INBOX (QRESYNC (67890007 20050715194045000 41,43:211,214:541))", " INBOX (QRESYNC (1 2 (5 7)))"}) {
    Cursor in(text);
    parse_select(in);
    EXPECT_FALSE(in.failed()) << text << ": " << in.error();
  }
}

TEST(SelectRequest, Refuses) {
  const struct {
    std::string_view text, why;
  } kCases[] = {
      {"", "no name"},
      {" INBOX ()", "no parameter"},
      {" INBOX (BOGUS)", "unknown"},
      {" INBOX (QRESYNC)", "no values"},
      {" INBOX (QRESYNC (1))", "no modseq"},
      {" INBOX (QRESYNC (0 1))", "no UIDVALIDITY is 0"},
      {" INBOX (QRESYNC (1 2 1:*))", "a star"},
      {" INBOX (QRESYNC (1 2 1:4 (1:2 5)))", "sets of unlike size"},
      {" INBOX (QRESYNC (1 2 1:4 (1:2)))", "one set only"},
      {" INBOX (QRESYNC (1 2)", "not closed"},
  };
  for (const auto& one : kCases) {
    Cursor in(one.text);
    parse_select(in);
    EXPECT_TRUE(in.failed()) << one.text << ": " << one.why;
  }
}

TEST(SelectRequest, FindsTheLastMatch) {
  const std::uint32_t folder[] = {10, 12, 13, 20, 21};
  const auto uid_at = [&](std::uint32_t number) { return number <= std::size(folder) ? folder[number - 1] : 0; };
  const struct {
    Ranges numbers, uids;
    std::uint32_t expected;
    std::string_view why;
  } kCases[] = {
      {{{1, 3}}, {{10, 10}, {12, 13}}, 13, "all match"},
      {{{1, 4}}, {{10, 13}}, 10, "only the first"},
      {{{2, 2}, {4, 5}}, {{12, 12}, {19, 19}, {21, 21}}, 21, "one in between is gone"},
      {{{1, 1}, {9, 9}}, {{10, 10}, {99, 99}}, 10, "beyond the end"},
      {{{1, 4294967295}}, {{1, 4294967295}}, 0, "as large as it can be"},
      {{}, {}, 0, "nothing"},
  };
  for (const auto& one : kCases) {
    Resync resync;
    resync.numbers = one.numbers;
    resync.uids = one.uids;
    EXPECT_EQ(resync.last_match(uid_at), one.expected) << one.why;
  }
}

}  // namespace
}  // namespace kontor::wire::imap
