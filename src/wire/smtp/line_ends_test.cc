// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/smtp/line_ends.h"

#include <gtest/gtest.h>

namespace kontor::wire::smtp {
namespace {

struct LineEndsCase {
  std::string in;
  std::string repaired;
};

const LineEndsCase kLineEndsCases[] = {
    {"", ""},
    {"a\r\nb\r\n", "a\r\nb\r\n"},
    {"a\nb", "a\r\nb"},
    {"a\rb", "a\r\nb"},
    {"a\r", "a\r\n"},
    {"\n", "\r\n"},
    {"a\r\r\n", "a\r\n\r\n"},
    {"a\n\r\n", "a\r\n\r\n"},
    {"a\r\n\rb", "a\r\n\r\nb"},
    {"\n.\n", "\r\n.\r\n"},
    {"\r.\r", "\r\n.\r\n"},
};

TEST(LineEnds, EveryOneThatStandsAloneIsSeen) {
  for (const LineEndsCase& test : kLineEndsCases) {
    for (std::size_t cut = 0; cut <= test.in.size(); ++cut) {
      for (bool repairs : {false, true}) {
        LineEnds ends(repairs);
        std::string out;
        ends.feed(std::string_view(test.in).substr(0, cut), out);
        ends.feed(std::string_view(test.in).substr(cut), out);
        ends.finish(out);
        EXPECT_EQ(out, repairs ? test.repaired : test.in) << "cut at " << cut;
        EXPECT_EQ(ends.has_bare(), test.in != test.repaired) << test.in << ", cut at " << cut;
      }
    }
  }
}

}  // namespace
}  // namespace kontor::wire::smtp
