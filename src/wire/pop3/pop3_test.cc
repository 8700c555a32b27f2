// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include "wire/pop3/command.h"
#include "wire/pop3/message_text.h"

namespace kontor::wire::pop3 {
namespace {

TEST(Pop3Command, IsKeywordAndRest) {
  const auto check = [](std::string_view line, std::string_view name, std::string_view args) {
    const Command command = parse_command(line);
    EXPECT_EQ(command.name, name) << line;
    EXPECT_EQ(command.args, args) << line;
  };
  check("quit", "QUIT", "");
  check("RETR 1", "RETR", "1");
  check("PASS a b ", "PASS", "a b ");  // RFC 1939 section 7: spaces belong to the password
  check("UTF8", "UTF8", "");
  check("", "", "");
  check(" STAT", "", "");
  check("ST\tAT", "", "");
  check("GET/HTTP", "", "");
  check("ABCDEFGHIJKLMNOP", "", "");
}

TEST(Pop3Command, Numbers) {
  EXPECT_EQ(parse_number("17"), 17U);
  EXPECT_EQ(parse_number("007"), 7U);
  for (const char* bad : {"", "-1", "+1", "1 ", " 1", "4294967296", "x", "1x"}) EXPECT_FALSE(parse_number(bad)) << bad;
  EXPECT_EQ(parse_top("3 10")->lines, 10U);
  for (const char* bad : {"", "3", "3 ", "3  10", "3 10 1", "3 -1"}) EXPECT_FALSE(parse_top(bad)) << bad;
}

TEST(Pop3Command, UniqueIds) {
  EXPECT_TRUE(is_unique_id("whqtswO00WBw418f9t5JxYwZ"));  // RFC 1939 section 7
  EXPECT_TRUE(is_unique_id(std::string(70, 'x')));
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("\x7f"), std::string("\xc3\xa9"), std::string(71, 'x')})
    EXPECT_FALSE(is_unique_id(bad)) << bad;
}

struct TextCase {
  std::string stored, sent;
  std::uint64_t size;
  const char* why;
};

std::string sent_in_pieces(const std::string& stored, std::size_t piece, MessageText& text) {
  std::string out;
  for (std::size_t at = 0; at < stored.size(); at += piece) text.feed(std::string_view(stored).substr(at, piece), out);
  text.finish(out);
  return out;
}

TEST(Pop3MessageText, IsLinesWithDotsStuffed) {
  const TextCase cases[] = {
      {"", ".\r\n", 0, "nothing"},
      {"a\r\nb\r\n", "a\r\nb\r\n.\r\n", 6, "as it is"},
      {".\r\n", "..\r\n.\r\n", 3, "the stuffed dot does not count"},
      {"a\r\n.b\r\n..\r\n", "a\r\n..b\r\n...\r\n.\r\n", 11, "every line"},
      {"a.\r\n", "a.\r\n.\r\n", 4, "only at the beginning"},
      {"a\nb\n", "a\r\nb\r\n.\r\n", 6, "bare LF"},
      {"\n\n.\n", "\r\n\r\n..\r\n.\r\n", 7, "empty lines"},
      {"a", "a\r\n.\r\n", 3, "no end"},
      {"a\r", "a\r\n.\r\n", 3, "half an end"},
      {"a\r\r\n", "a\r\r\n.\r\n", 4, "a CR too many stays"},
      {"a\rb\r\n", "a\rb\r\n.\r\n", 5, "a lone CR is no end"},
  };
  for (const auto& one : cases) {
    for (std::size_t piece = 1; piece <= one.stored.size() + 1; ++piece) {
      MessageText text;
      EXPECT_EQ(sent_in_pieces(one.stored, piece, text), one.sent) << one.why << ", " << piece;
      EXPECT_EQ(text.size(), one.size) << one.why << ", " << piece;
    }
  }
}

TEST(Pop3MessageText, TopIsHeaderAndSomeLines) {
  const std::string stored = "A: b\r\nC: d\r\n\r\none\r\n.two\r\nthree\r\n";
  const auto top = [&](std::uint32_t lines) {
    std::string first;
    for (std::size_t piece = 1; piece < 40; ++piece) {
      MessageText text(lines);
      const std::string out = sent_in_pieces(stored, piece, text);
      if (first.empty()) first = out;
      EXPECT_EQ(out, first) << piece;
    }
    return first;
  };
  EXPECT_EQ(top(0), "A: b\r\nC: d\r\n\r\n.\r\n");
  EXPECT_EQ(top(1), "A: b\r\nC: d\r\n\r\none\r\n.\r\n");
  EXPECT_EQ(top(2), "A: b\r\nC: d\r\n\r\none\r\n..two\r\n.\r\n");
  EXPECT_EQ(top(9), "A: b\r\nC: d\r\n\r\none\r\n..two\r\nthree\r\n.\r\n");
  MessageText header_only(0);
  std::string out;
  header_only.feed("A: b\n\nbody\n", out);
  EXPECT_TRUE(header_only.is_done());
  EXPECT_EQ(out, "A: b\r\n\r\n");
}

}  // namespace
}  // namespace kontor::wire::pop3
