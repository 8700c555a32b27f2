// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/selection.h"

#include <gtest/gtest.h>

namespace kontor::migrate {
namespace {

TEST(Selection, takes_an_account_by_any_of_its_names) {
  Selection chosen({"Ada", "ben@example.org", "0A1B"});
  EXPECT_TRUE(chosen.takes({"ada", "ada@example.org"}));
  EXPECT_TRUE(chosen.takes({"ben", "Ben@Example.org"}));
  EXPECT_FALSE(chosen.takes({"cyd", "cyd@example.org"}));
  EXPECT_EQ(chosen.unmet(), "0a1b");
  EXPECT_TRUE(chosen.takes({"dan", "dan@example.org", "0a1b"}));
  EXPECT_EQ(chosen.unmet(), std::nullopt);
  EXPECT_TRUE(Selection({}).takes({"whoever"}));
}

TEST(Selection, is_read_from_a_file) {
  const struct {
    const char *text, *why;
    std::vector<std::string> names;
  } cases[] = {
      {"ada\nben@example.org\n", "a name in each line", {"ada", "ben@example.org"}},
      {"# the pilot\r\n\r\n ada # first\r\nben", "comments, empty lines, CRLF, no last line end", {"ada", "ben"}},
      {"\xEF\xBB\xBF"
       "ada,secret,ada@example.org\n\"ben\";x\n",
       "the users of --users",
       {"ada", "ben"}},
      {"", "nothing", {}},
  };
  for (const auto& c : cases) EXPECT_EQ(parse_selection(c.text), c.names) << c.why;
}

}  // namespace
}  // namespace kontor::migrate
