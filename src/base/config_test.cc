// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/config.h"

#include <gtest/gtest.h>

namespace kontor::config {
namespace {

using namespace std::chrono_literals;

enum class Colour : std::uint8_t { red, green };

struct ExampleOptions {
  std::string data = "/var/lib/example";
  bool is_on = false;
  std::uint32_t count = 7;
  std::uint64_t largest = 5ULL << 30;
  std::chrono::seconds idle{30};
  std::chrono::milliseconds pause{250};
  Colour colour = Colour::red;
  std::vector<std::string> listen = {"*:24"};
};

Result<void> check_listen(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return fail(Errc::invalid, "no colon in \"" + std::string(text) + "\"");
  return {};
}

Schema declare_example(ExampleOptions& into) {
  Schema schema;
  schema.text("data", into.data, {"Where."});
  schema.flag("lmtp.on", into.is_on, {"Whether."});
  schema.number("lmtp.count", into.count, {1, 100}, {"How many."});
  schema.size("lmtp.largest", into.largest, {1024, 1ULL << 40}, {"How large."});
  schema.duration("lmtp.idle_timeout", into.idle, {1s, 1h}, {"How long.", true});
  schema.duration("lmtp.pause", into.pause, {0ms, 1s}, {"How short."});
  schema.choice("lmtp.colour", into.colour, {{"red", Colour::red}, {"green", Colour::green}}, {"Which."});
  schema.list("lmtp.listen", into.listen, "endpoint", {"On what."}, check_listen);
  return schema;
}

TEST(Config, FillsEveryTypeOfOption) {
  ExampleOptions options;
  Schema schema = declare_example(options);
  auto problems = schema.load(R"(
data = "/srv"
[lmtp]
on = true
count = 12
largest = "64 KiB"
idle_timeout = "2m"
pause = "0s"
colour = "green"
listen = ["127.0.0.1:0", "unix:/x"]
)",
                              "test");
  ASSERT_TRUE(problems.empty()) << problems.front().text;
  EXPECT_EQ(options.data, "/srv");
  EXPECT_TRUE(options.is_on);
  EXPECT_EQ(options.count, 12U);
  EXPECT_EQ(options.largest, 65536U);
  EXPECT_EQ(options.idle, 120s);
  EXPECT_EQ(options.pause, 0ms);
  EXPECT_EQ(options.colour, Colour::green);
  EXPECT_EQ(options.listen, (std::vector<std::string>{"127.0.0.1:0", "unix:/x"}));
}

TEST(Config, AnEmptyFileKeepsTheDefaults) {
  ExampleOptions options;
  Schema schema = declare_example(options);
  EXPECT_TRUE(schema.load("", "test").empty());
  EXPECT_EQ(options.count, 7U);
  EXPECT_EQ(options.idle, 30s);
}

struct BadCase {
  const char* toml;
  std::uint32_t line;
  const char* sentence;  // a part of it
  const char* why;
};

const BadCase kBadCases[] = {
    {"[lmtp]\nidel_timeout = \"1s\"", 2, "did you mean \"lmtp.idle_timeout\"", "two letters swapped"},
    {"[lmpt]\nlisten = \"*:1\"", 2, "did you mean \"lmtp.listen\"", "a slip in the section's name"},
    {"idle_timeout = \"1s\"", 1, "did you mean \"lmtp.idle_timeout\"", "the section is forgotten"},
    {"\nzzzzzzzzzzzz = 1", 2, "unknown key \"zzzzzzzzzzzz\"; `kontor config docs`", "near to nothing"},
    {"lmtp = 3", 1, "\"lmtp\" is a section with the keys on, count", "a section is no value"},
    {"[data]\n", 1, "data: is a key, not a section", "a value is no section"},
    {"[nothing]\n", 1, "unknown key \"nothing\"", "an empty section of another program"},
    {"[lmtp]\n\ncount = 0", 3, "lmtp.count: 0 is out of range; allowed is from 1 to 100", "below the bound"},
    {"[lmtp]\ncount = 101", 2, "allowed is from 1 to 100", "above the bound"},
    {"[lmtp]\ncount = -1", 2, "allowed is from 1 to 100", "negative"},
    {"[lmtp]\ncount = \"7\"", 2, "must be a whole number from 1 to 100, not a text", "wrong type"},
    {"[lmtp]\ncount = 1.5", 2, "not a fraction", "wrong type"},
    {"[lmtp]\non = \"yes\"", 2, "must be true or false, not a text", "wrong type"},
    {"[lmtp]\nlargest = \"5X\"", 2, "sizes end in K, M, G, T", "unknown unit"},
    {"[lmtp]\nlargest = \"G\"", 2, "is not a number with a unit", "no number"},
    {"[lmtp]\nlargest = 1", 2, "1 is out of range; allowed is from 1K to 1T", "below the bound, in bytes"},
    {"[lmtp]\nlargest = \"99999999999999999999\"", 2, "too large", "above 64 bits"},
    {"[lmtp]\nlargest = \"9999999999T\"", 2, "too large", "above 64 bits with its unit"},
    {"[lmtp]\nidle_timeout = 30", 2, "must be a duration like \"30s\", not a whole number", "no unit"},
    {"[lmtp]\nidle_timeout = \"30\"", 2, "needs a unit: ms, s, m, h or d", "no unit"},
    {"[lmtp]\nidle_timeout = \"2d\"", 2, "allowed is from 1s to 1h", "above the bound"},
    {"[lmtp]\nidle_timeout = \"1500ms\"", 2, "steps of 1s", "finer than what it is kept in"},
    {"[lmtp]\ncolour = \"blue\"", 2, "must be one of \"red\", \"green\"", "no such word"},
    {"[lmtp]\nlisten = [\"*:1\", \"here\"]", 2, "no colon in \"here\"", "the room's own check"},
    {"[lmtp]\nlisten = [1]", 2, "a list of texts only", "wrong element type"},
    {"[lmtp]\nlisten = 1979-05-27", 2, "must not be a date", "wrong type"},
    {"[lmtp]\ncount = 1\ncount = 2", 3, "redefine", "said twice: TOML's own rule"},
    {"[lmtp\n", 1, "", "no TOML"},
};

TEST(Config, SaysWhatIsWrongAndWhere) {
  for (const BadCase& bad : kBadCases) {
    ExampleOptions options;
    Schema schema = declare_example(options);
    auto problems = schema.load(bad.toml, "test");
    ASSERT_EQ(problems.size(), 1U) << bad.why;
    EXPECT_EQ(problems[0].line, bad.line) << bad.why;
    EXPECT_NE(problems[0].text.find(bad.sentence), std::string::npos) << bad.why << ": " << problems[0].text;
  }
}

TEST(Config, FindsAllProblemsInOrderAndSetsTheRest) {
  ExampleOptions options;
  Schema schema = declare_example(options);
  auto problems = schema.load("[lmtp]\nwrong = 1\ncount = 9\ncolour = \"blue\"\n", "test");
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].line, 2U);
  EXPECT_EQ(problems[1].line, 4U);
  EXPECT_EQ(options.count, 9U);
}

TEST(Config, WhatItShowsItReadsBack) {
  ExampleOptions options;
  options.data = "a \"quoted\" \\ text\x01";
  options.listen = {};
  options.colour = Colour::green;
  Schema schema = declare_example(options);
  std::string shown = schema.to_toml();

  ExampleOptions again;
  Schema reader = declare_example(again);
  auto problems = reader.load(shown, "test");
  ASSERT_TRUE(problems.empty()) << problems.front().text << "\n" << shown;
  EXPECT_EQ(again.data, options.data);
  EXPECT_TRUE(again.listen.empty());
  EXPECT_EQ(reader.to_toml(), shown);
}

TEST(Config, DocumentsTypeBoundsDefaultAndReload) {
  ExampleOptions options;
  std::string text = declare_example(options).to_markdown();
  EXPECT_NE(text.find("## [lmtp]"), std::string::npos);
  EXPECT_NE(text.find("### lmtp.idle_timeout\n\nHow long.\n\n- Type: duration, from 1s to 1h\n- Default: `\"30s\"`\n"
                      "- Takes effect: on reload (SIGHUP)\n"),
            std::string::npos)
      << text;
}

TEST(Config, SizesAndDurationsRoundTrip) {
  for (std::uint64_t bytes : {0ULL, 1ULL, 1023ULL, 1024ULL, 1500ULL, 5ULL << 30, 3ULL << 40, (1ULL << 63) - 1})
    EXPECT_EQ(parse_size(format_size(bytes)).value(), bytes) << bytes;
  EXPECT_EQ(format_size(5ULL << 30), "5G");
  for (auto time : {0ms, 1ms, 999ms, 1000ms, 90'000ms, 3'600'000ms, 604'800'000ms})
    EXPECT_EQ(parse_duration(format_duration(time)).value(), time) << time.count();
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(parse_size("10MB").value(), 10ULL << 20);
  EXPECT_FALSE(parse_size("-1"));
  EXPECT_FALSE(parse_size(""));
  EXPECT_FALSE(parse_duration("1w"));
}

TEST(Config, EditDistanceCountsASwapAsOne) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("idel", "idle"), 1U);
  EXPECT_EQ(edit_distance("listen", "lissten"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

}  // namespace
}  // namespace kontor::config
