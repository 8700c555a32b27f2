// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/header.h"

#include <gtest/gtest.h>

#include <chrono>

namespace kontor::mime {
namespace {

TEST(Fields, AreFoundWithTheirFolds) {
  const std::string_view header =
      "From x@y Thu Jan  1 00:00:00 1970\nSubject: a\r\n b\r\n\tc\r\nTO : x\nempty:\n\xffz: 1\nlast: no end";
  std::string seen;
  each_field(header, [&](const Field& field) {
    seen += "[" + std::string(field.name) + "|" + std::string(field.value) + "]";
    return true;
  });
  EXPECT_EQ(seen,
            "[|From x@y Thu Jan  1 00:00:00 1970][Subject| a\r\n b\r\n\tc][TO| x][empty|][|\xffz: 1][last| no end]");
  EXPECT_EQ(find_field(header, "to"), " x");
  EXPECT_EQ(find_field(header, "EMPTY"), "");
  EXPECT_EQ(find_field(header, "cc"), std::nullopt);
  EXPECT_EQ(find_field("a: 1\n\nb: 2\n", "b"), std::nullopt) << "the empty line ends the header";
  EXPECT_EQ(find_field("a: 1\na: 2\n", "a"), " 1") << "the first";
}

TEST(Fields, WholeFieldsMakeTheHeader) {
  const std::string_view header = " stray\nA: 1\r\n 2\nno field\n\t\nB:2\n";
  std::string whole;
  each_field(header, [&](const Field& field) {
    whole += field.whole;
    return true;
  });
  EXPECT_EQ(whole, header);
}

TEST(Fields, Unfold) {
  EXPECT_EQ(unfold("  a\r\n b\n\tc \r\n"), "a b\tc");
  EXPECT_EQ(unfold(" a\rb "), "a\rb") << "a lone CR is no line end";
  EXPECT_EQ(unfold(" \r\n "), "");
}

struct DateCase {
  std::string_view text;
  std::int64_t at;
  int zone;
  std::string_view why;
};

TEST(Dates, OfManyForms) {
  constexpr std::int64_t kAt = 1136214245;  // 2006-01-02 15:04:05 UTC
  const DateCase cases[] = {
      {"Mon, 2 Jan 2006 15:04:05 +0000", kAt, 0, "RFC 5322"},
      {"Mon, 02 Jan 2006 15:04:05 -0700 (MST)", kAt + 7 * 3600, -420, "with a comment"},
      {"2 Jan 2006 15:04 +0530", kAt - 5 - 19800, 330, "no day name, no seconds"},
      {"Mon, 2 Jan\r\n 2006 15:04:05 GMT", kAt, 0, "folded"},
      {"Mon , 2 (x) Jan (y (z)) 2006 15 :04:05", kAt - 15 * 3600 - 245, 0, "a time in pieces is no time"},
      {"2 Jan 06 15:04:05 EST", kAt + 5 * 3600, -300, "two digits of a year, RFC 5322 section 4.3"},
      {"2 Jan 106 15:04:05 PDT", kAt + 7 * 3600, -420, "three"},
      {"2 Jan 96 00:00:00 Z", 820540800, 0, "the last century"},
      {"2 Jan 2006 15:04:05 K", kAt, 0, "military zones mean nothing"},
      {"2 Jan 2006 15:04:05 XYZ", kAt, 0, "unknown zones"},
      {"2 Jan 2006 15:04:05 CEST", kAt - 7200, 120, "European"},
      {"2 Jan 2006 15:04:05 GMT+0100", kAt - 3600, 60, "both"},
      {"2 Jan 2006 15:04:05 +01:00", kAt - 3600, 60, "a colon in the zone"},
      {"2 Jan 2006 15:04:05 +1", kAt - 3600, 60, "a short zone"},
      {"2 Jan 2006 15:04:05 +9999", kAt, 0, "an impossible zone"},
      {"2 Jan 2006 15:04:05+0100", kAt - 3600, 60, "no blank before the zone"},
      {"Mon Jan  2 15:04:05 2006", kAt, 0, "asctime"},
      {"Mon Jan  2 15:04:05 PST 2006", kAt + 8 * 3600, -480, "date(1)"},
      {"Monday, January 2, 2006 3:04:05 PM", kAt, 0, "English"},
      {"2 Jan 2006 12:04:05 AM", kAt - 15 * 3600, 0, "midnight"},
      {"2006-01-02T15:04:05Z", kAt, 0, "ISO 8601"},
      {"2006-01-02 15:04:05.123+02:00", kAt - 7200, 120, "ISO 8601 with a fraction"},
      {"02-Jan-2006 15:04:05 +0000", kAt, 0, "IMAP"},
      {"01/02/2006 15:04:05", kAt, 0, "slashes"},
      {"02.01.2006 15:04:05", kAt, 0, "dots"},
      {"Mon, 2 Jan 2006 15.04.05 +0000", kAt, 0, "dots in the time"},
      {"Mon, 2 Sept 2006", 1157155200, 0, "no time, a long month"},
      {"29 Feb 2004 00:00:00 +0000", 1078012800, 0, "a leap day"},
      {"30 Jun 2015 23:59:60 +0000", 1435708800, 0, "a leap second"},
      {"1 Jan 1904 00:00:00 +0000", -2082844800, 0, "before 1970"},
  };
  for (const auto& c : cases) {
    const auto date = parse_date(c.text);
    ASSERT_TRUE(date) << c.why << ": " << c.text;
    EXPECT_EQ(date->at.time_since_epoch().count(), c.at) << c.why << ": " << c.text;
    EXPECT_EQ(date->zone_minutes, c.zone) << c.why << ": " << c.text;
  }
}

TEST(Dates, ThatAreNone) {
  for (const std::string_view text :
       {"", "today", "30 Feb 2006 00:00:00", "2 Jan 2006 25:00:00", "2 Jan", "32 Jan 2006", "99999999999 Jan 1",
        "(2 Jan 2006", "Thu, 99 Foo 2006 00:00:00 +0000", "0 Jan 2006", "2/2", "---", "1-2-3-4"})
    EXPECT_FALSE(parse_date(text)) << text;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : " ") + text;
  return all;
}

TEST(MessageIds, AreFound) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"<a@b>", "<a@b>"},
      {" <a@b>\r\n\t<c@d><e@f>, <g>", "<a@b> <c@d> <e@f> <g>"},
      {"<a@\r\n b>", "<a@b>"},
      {"Your message of \"Mon\" <a@b> (x)", "<a@b>"},
      {"a@b", "<a@b>"},
      {"a@b, (c) d@e word", "<a@b> <d@e>"},
      {"<open", ""},
      {"<open <a@b>", "<a@b>"},
      {"<>", ""},
      {"none at all", ""},
      {"", ""},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(joined(parse_message_ids(text, 10)), expected) << text;
  EXPECT_EQ(joined(parse_message_ids("<a><b><c>", 2)), "<a> <b>");
}

struct SubjectCase {
  std::string_view text;
  std::string_view base;
  bool is_reply;
};

TEST(BaseSubjects, RFC5256) {
  const SubjectCase cases[] = {
      {"hello", "hello", false},
      {"  a \t b\t", "a b", false},
      {"Re: hello", "hello", true},
      {"RE : re:FWD: fw : hello", "hello", true},
      {"Re[2]: hello", "hello", true},
      {"Re [x] : hello", "hello", true},
      {"[list] Re: [list] hello", "hello", true},
      {"[list] hello", "hello", false},
      {"[a] [b] [c]", "[c]", false},
      {"[list]", "[list]", false},
      {"hello (fwd) (FWD) ", "hello", true},
      {"[Fwd: [fwd: Re: hello (fwd)]]", "hello", true},
      {"[fwd: hello", "[fwd: hello", false},
      {"Re:", "", true},
      {"Re: [x]", "[x]", true},
      {"Regarding: x", "Regarding: x", false},
      {"re", "re", false},
      {"forward: x", "forward: x", false},
      {"", "", false},
  };
  for (const auto& c : cases) {
    const BaseSubject base = base_subject(c.text);
    EXPECT_EQ(base.text, c.base) << c.text;
    EXPECT_EQ(base.is_reply, c.is_reply) << c.text;
  }
}

TEST(Header, HostileInputTakesLinearTime) {
  for (const std::string_view piece :
       {"[a]", "[", "re:", "re[", "(fwd)", "[fwd:", "<", "<a@b", "(", "a:\n", "\n ", " ", "1 ", "a@", "]"}) {
    std::string text;
    while (text.size() < 200'000) text += piece;
    const auto start = std::chrono::steady_clock::now();
    base_subject(text);
    base_subject(text + "x");
    parse_message_ids(text, 10'000);
    parse_date(text);
    unfold(text);
    each_field(text, [](const Field&) { return true; });
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10)) << piece;
  }
}

}  // namespace
}  // namespace kontor::mime
