// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/cursor.h"

#include <gtest/gtest.h>

#include "wire/imap/print.h"

namespace kontor::wire::imap {
namespace {

TEST(Cursor, Strings) {
  struct Case {
    std::string text;
    const char* expected;  // null = refused
    const char* why;
  };
  const Case cases[] = {
      {"inbox", "inbox", "atom"},
      {"a]b", "a]b", "a bracket in an astring"},
      {"\"\"", "", "empty quoted string"},
      {"\"a \\\"b\\\\ c\"", "a \"b\\ c", "escapes"},
      {"{5}\r\nab\r\nc", "ab\r\nc", "literal"},
      {"{0}\r\n", "", "empty literal"},
      {"{3+}\r\nabc", "abc", "non-synchronising literal"},
      {"\"caf\xc3\xa9\"", "caf\xc3\xa9", "8-bit in quotes is tolerated"},
      {"", nullptr, "nothing"},
      {"\"abc", nullptr, "open quote"},
      {"\"a\\b\"", nullptr, "an escape of a letter"},
      {"\"a\r\nb\"", nullptr, "line end in quotes"},
      {"{5}\r\nabc", nullptr, "short literal"},
      {"{5}abcde", nullptr, "literal without a line end"},
      {"{99999999999}\r\n", nullptr, "more than 32 bits"},
      {"{-1}\r\n", nullptr, "negative"},
      {std::string("{3}\r\na\0b", 8), nullptr, "NUL in a literal"},
      {"(", nullptr, "parenthesis"},
      {"caf\xc3\xa9", nullptr, "8-bit atom"},
  };
  for (const auto& c : cases) {
    Cursor in(c.text);
    const std::string got = in.astring();
    EXPECT_EQ(in.finish(), c.expected != nullptr) << c.why;
    if (c.expected != nullptr) {
      EXPECT_EQ(got, c.expected) << c.why;
    } else {
      EXPECT_FALSE(in.error().empty()) << c.why;
    }
  }
}

TEST(Cursor, FirstErrorSticks) {
  Cursor in("LOGIN joe");
  in.take_word("LOGIN");
  in.space();
  EXPECT_EQ(in.astring(), "joe");
  in.space();
  EXPECT_EQ(in.astring(), "");
  EXPECT_FALSE(in.finish());
  EXPECT_EQ(in.error(), "an argument is missing");
}

TEST(Cursor, Words) {
  Cursor in("header.fields FIELDS");
  EXPECT_FALSE(in.take_word("HEADER"));
  EXPECT_TRUE(in.take_word("HEADER.FIELDS"));
  in.space();
  EXPECT_TRUE(in.take_word("fields"));
  EXPECT_TRUE(in.finish());
}

TEST(Cursor, Flags) {
  struct Case {
    const char* text;
    bool good;
    std::uint8_t system;
    std::size_t keywords;
  };
  const Case cases[] = {
      {"()", true, 0, 0},
      {"(\\Seen \\DELETED)", true, flag::kSeen | flag::kDeleted, 0},
      {"($Forwarded work \\flagged)", true, flag::kFlagged, 2},
      {"(\\Recent)", false, 0, 0},
      {"(\\Unknown)", false, 0, 0},
      {"(\\)", false, 0, 0},
      {"(a  b)", false, 0, 0},
      {"(a", false, 0, 0},
      {"((a))", false, 0, 0},
  };
  for (const auto& c : cases) {
    Cursor in(c.text);
    const auto flags = in.flag_list();
    EXPECT_EQ(in.finish(), c.good) << c.text;
    if (!c.good) continue;
    EXPECT_EQ(flags.system, c.system) << c.text;
    EXPECT_EQ(flags.keywords.size(), c.keywords) << c.text;
  }
  Cursor bare("\\Seen work");
  EXPECT_EQ(bare.store_flags().keywords, std::vector<std::string>{"work"});
  EXPECT_TRUE(bare.finish());
}

TEST(Cursor, DateTimes) {
  struct Case {
    const char* text;
    std::int64_t seconds;
    int zone;
  };
  const Case cases[] = {
      {"17-Jul-1996 02:44:25 -0700", 837596665, -420},
      {" 1-Jan-1970 00:00:00 +0000", 0, 0},
      {"31-Dec-1969 23:59:59 +0000", -1, 0},
      {"29-Feb-2024 12:00:00 +0545", 1709187300, 345},
  };
  for (const auto& c : cases) {
    const std::string quoted = '"' + std::string(c.text) + '"';
    Cursor in(quoted);
    const InternalDate date = in.date_time();
    EXPECT_TRUE(in.finish()) << c.text;
    EXPECT_EQ(date.at.time_since_epoch().count(), c.seconds) << c.text;
    EXPECT_EQ(date.zone_minutes, c.zone) << c.text;
    EXPECT_EQ(print_date_time(date), c.text);
  }
  for (const char* text :
       {"\"1-Jan-1970 00:00:00 +0000\"", "\"30-Feb-2024 12:00:00 +0000\"", "\"01-Jan-1970 24:00:00 +0000\"",
        "\"01-Jan-1970 00:00:00 0000\"", "\"01-Jan-1970 00:00:00 +000x\"", "\"01-Foo-1970 00:00:00 +0000\"",
        "\"01-Jan-1970  0:00:00 +0000\"", "01-Jan-1970", "\"\"", ""}) {
    Cursor in(text);
    in.date_time();
    EXPECT_FALSE(in.finish()) << text;
  }
}

TEST(Cursor, Dates) {
  for (const char* text : {"1-Feb-1994", "01-Feb-1994", "\"1-Feb-1994\"", "\"01-feb-1994\""}) {
    Cursor in(text);
    EXPECT_EQ(in.date(), std::chrono::sys_days(std::chrono::year(1994) / 2 / 1)) << text;
    EXPECT_TRUE(in.finish()) << text;
  }
  for (const char* text : {"1-2-1994", "1994-02-01", "32-Jan-1994", "1-Feb-94", "-Feb-1994", "1-Feb-199x"}) {
    Cursor in(text);
    in.date();
    EXPECT_FALSE(in.finish()) << text;
  }
}

TEST(Cursor, TrailingLiteral) {
  struct Case {
    const char* line;
    bool found;
    std::uint64_t size;
    bool synchronising;
  };
  const Case cases[] = {
      {"a LOGIN {5}", true, 5, true},
      {"a LOGIN {5+}", true, 5, false},
      {"a LOGIN \"{5}\"", false, 0, true},
      {"a LOGIN {}", false, 0, true},
      {"a LOGIN {+}", false, 0, true},
      {"a LOGIN {5} ", false, 0, true},
      {"a LOGIN {-5}", false, 0, true},
      {"a LOGIN {4294967296}", true, 4294967296, true},
      {"a {99999999999999999999}", true, ~std::uint64_t{0}, true},
      {"}", false, 0, true},
  };
  for (const auto& c : cases) {
    const auto mark = trailing_literal(c.line);
    ASSERT_EQ(mark.has_value(), c.found) << c.line;
    if (!mark) continue;
    EXPECT_EQ(mark->size, c.size) << c.line;
    EXPECT_EQ(mark->synchronising, c.synchronising) << c.line;
    EXPECT_FALSE(mark->binary) << c.line;
  }
  EXPECT_TRUE(trailing_literal("a APPEND x ~{3}")->binary);
}

TEST(Print, StringsHaveNoNul) {
  using namespace std::string_view_literals;
  std::string wire("\0("sv);
  append_string(wire, "a\0b\0"sv);
  EXPECT_EQ(wire, "\0({4}\r\na b "sv) << "only what was appended";
  wire.clear();
  append_astring(wire, "\xc3\xa9\0"sv);
  EXPECT_EQ(wire, "{3}\r\n\xc3\xa9 ");
}

TEST(Print, StringsReadBack) {
  const std::string cases[] = {"",        "NIL",     "nil",         "abc",
                               "a b",     "a\"b\\c", "line\r\nend", "caf\xc3\xa9",
                               "INBOX/x", "(x)",     "a]b",         std::string(5000, 'x')};
  for (const auto& text : cases) {
    for (const bool as_astring : {false, true}) {
      std::string wire;
      as_astring ? append_astring(wire, text) : append_string(wire, text);
      Cursor in(wire);
      EXPECT_EQ(as_astring ? in.astring() : in.string(), text);
      EXPECT_TRUE(in.finish()) << wire;
    }
  }
  EXPECT_EQ(astring("NIL"), "\"NIL\"");
  EXPECT_EQ(one_line("a\r\nb"), "a??b");
  EXPECT_EQ(one_line("caf\xc3\xa9 \x7f~"), "caf?? ?~");
}

}  // namespace
}  // namespace kontor::wire::imap
