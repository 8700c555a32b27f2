// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/smtp/data.h"

#include <gtest/gtest.h>

namespace kontor::wire::smtp {
namespace {

using namespace std::string_literals;

struct DataCase {
  std::string wire;
  std::string content;
  std::string left;  // what follows the end; "-" = the data does not end
  const char* why;
};

const DataCase kDataCases[] = {
    {".\r\nQUIT", "", "QUIT", "an empty message"},
    {"a\r\n.\r\n", "a\r\n", "", "the last CRLF belongs to the content"},
    {"a\r\n..\r\n.\r\n", "a\r\n.\r\n", "", "a stuffed dot"},
    {"..a\r\n.\r\n", ".a\r\n", "", "a stuffed dot on the first line"},
    {".a\r\n.\r\n", "a\r\n", "", "a dot that was not stuffed goes as well"},
    {"a\n.\n", "a\n.\n", "-", "bare LF ends nothing"},
    {"a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", "", "bare LF before the dot"},
    {"a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", "", "bare LF after the dot"},
    {"a\r.\r\r\n.\r\n", "a\r.\r\r\n", "", "bare CR"},
    {"a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", "", "CR without LF after the dot"},
    {"a\r\n.\r\r\n.\r\nx", "a\r\n\r\r\n", "x", "CR CR LF after the dot"},
    {"a\r\r\n.\r\n", "a\r\r\n", "", "CR CR LF ends a line"},
    {"a\n..b\r\n.\r\n", "a\n..b\r\n", "", "no stuffing is undone after a bare LF"},
    {"\0\xff\r\n.\r\n"s, "\0\xff\r\n"s, "", "any byte"},
    {"no end\r\n.", "no end\r\n", "-", "cut short"},
};

TEST(SmtpData, EndsOnlyWhereItMust) {
  for (const DataCase& test : kDataCases) {
    // In one piece, and cut in two at every place.
    for (std::size_t cut = 0; cut <= test.wire.size(); ++cut) {
      DataReader reader;
      std::string out;
      std::string_view wire = test.wire;
      std::size_t used = reader.feed(wire.substr(0, cut), out);
      if (!reader.is_finished()) used += reader.feed(wire.substr(cut), out);
      EXPECT_EQ(out, test.content) << test.why << ", cut at " << cut;
      ASSERT_EQ(reader.is_finished(), test.left != "-") << test.why << ", cut at " << cut;
      if (reader.is_finished()) EXPECT_EQ(wire.substr(used), test.left) << test.why << ", cut at " << cut;
    }
  }
}

TEST(SmtpData, UndoesItsOwnStuffing) {
  for (std::string content :
       {""s, "\r\n"s, "."s, ".\r\n"s, "a\r\n.\r\n..\r\nb\r\n"s, "a\n.\n"s, "\r\n\r\n.\r\r\n"s, "x"s}) {
    DataReader reader;
    std::string out;
    std::string wire = stuff(content);
    EXPECT_EQ(reader.feed(wire, out), wire.size()) << content;
    EXPECT_TRUE(reader.is_finished());
    bool ends_line = content.empty() || content.ends_with("\r\n");
    EXPECT_EQ(out, ends_line ? content : content + "\r\n");
  }
}

}  // namespace
}  // namespace kontor::wire::smtp
