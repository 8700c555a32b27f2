// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/lines/slices.h"

#include <gtest/gtest.h>

#include <string>

namespace kontor::lines {
namespace {

TEST(Slices, CutWhatStandsInOneText) {
  struct Case {
    std::string text;
    std::vector<std::string> want;
    const char* why;
  };
  const std::string one = "BEGIN:VCARD\r\nFN:a\r\nEND:VCARD\r\n", two = "begin:vcard \nFN:b\nend: vcard\n";
  const std::string agent = "BEGIN:VCARD\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:c\r\nEND:VCARD\r\nFN:d\r\nEND:VCARD\r\n";
  const Case cases[] = {
      {"", {}, "nothing"},
      {one, {one}, "one"},
      {"\xEF\xBB\xBF\r\n" + one + "\r\n\r\n" + two, {one, two}, "any case and line end, what is between is left out"},
      {agent + one, {agent, one}, "a card as a value"},
      {"BEGIN:VCARD\r\nFN:x\r\n" + one, {"BEGIN:VCARD\r\nFN:x\r\n", one}, "an END is missing"},
      {"BEGIN:VCARD\nFN:x", {"BEGIN:VCARD\nFN:x"}, "the last END is missing"},
      {"BEGIN:VCARD\nNOTE:a\n BEGIN:VCARD\nEND:VCARD\n", {"BEGIN:VCARD\nNOTE:a\n BEGIN:VCARD\nEND:VCARD\n"}, "folded"},
      {"BEGIN:VCARD\rFN:x\rEND:VCARD\r", {"BEGIN:VCARD\rFN:x\rEND:VCARD\r"}, "an old Macintosh"},
      {"END:VCARD\r\n" + one, {one}, "an END too many"},
  };
  for (const auto& c : cases) {
    std::vector<std::string> got;
    for (const auto part : slices(c.text, "VCARD")) got.emplace_back(part);
    EXPECT_EQ(got, c.want) << c.why;
  }
}

}  // namespace
}  // namespace kontor::lines
