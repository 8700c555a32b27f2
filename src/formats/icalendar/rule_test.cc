// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/rule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "formats/icalendar/rule_iterator.h"

namespace kontor::icalendar {
namespace {

Wall wall(std::string_view text) { return parse_when(text).value().wall; }

std::string first_of(std::string_view rule_text, std::string_view start, std::size_t most = 10,
                     std::string_view from = {}, FirstInstance first = FirstInstance::if_hit) {
  const auto rule = parse_rule(rule_text);
  if (!rule) return rule.error().text;
  const When begin = parse_when(start).value();
  auto iterator = RuleIterator::open(*rule, begin.wall, begin.is_date(), first);
  if (!iterator) return iterator.error().text;
  if (!from.empty()) iterator->seek(wall(from));
  Budget budget(2'000'000);
  std::string out;
  for (std::size_t i = 0; i < most; ++i) {
    const auto next = iterator->next(budget);
    if (!next) return out + (budget.is_spent() ? " spent" : out.empty() ? "none" : "");
    out += (out.empty() ? "" : ",") + print(When{.kind = begin.kind, .wall = *next});
  }
  return out;
}

TEST(Rule, ReadsAndPrints) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"FREQ=DAILY", "FREQ=DAILY"},
      {"freq=weekly;byday=fr,mo;interval=2;wkst=su;", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU"},
      {"FREQ=MONTHLY;BYDAY=-1FR,+2MO;COUNT=3", "FREQ=MONTHLY;COUNT=3;BYDAY=2MO,-1FR"},
      {"FREQ=YEARLY;UNTIL=20240101;BYMONTH=5,5", "FREQ=YEARLY;UNTIL=20240101;BYMONTH=5"},
      {"FREQ=DAILY;X-FOO=1;INTERVAL=0;BYSECOND=60,59", "FREQ=DAILY;BYSECOND=59"},
      {"RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;SKIP=FORWARD", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;SKIP=FORWARD"},
      {"FREQ=DAILY;FOO=1", "The recurrence rule has FOO=1."},
      {"COUNT=3", "The recurrence rule has no FREQ."},
      {"D2 #10", "\"D2 #10\" is no recurrence rule."},
      {"FREQ=DAILY;COUNT=0", "The recurrence rule has COUNT=0."},
      {"FREQ=MONTHLY;BYWEEKNO=3", "The recurrence rule has BYWEEKNO, but is not yearly."},
      {"FREQ=YEARLY;BYMONTHDAY=32", "The recurrence rule has BYMONTHDAY=32."},
      {"FREQ=YEARLY;BYMONTH=5L", "The recurrence rule has a month that the Gregorian calendar has not."},
      {"FREQ=YEARLY;BYDAY=,", "The recurrence rule has BYDAY=,."},
  };
  for (const auto& [text, expected] : cases) {
    const auto rule = parse_rule(text);
    EXPECT_EQ(rule ? print(*rule) : rule.error().text, expected);
    if (rule) EXPECT_EQ(parse_rule(print(*rule)), *rule);
  }
}

TEST(Rule, BeginsAtDtstartAndCountsIt) {
  EXPECT_EQ(first_of("FREQ=WEEKLY;BYDAY=TU;COUNT=3", "20240101T090000", 9, {}, FirstInstance::always),
            "20240101T090000,20240102T090000,20240109T090000");
  EXPECT_EQ(first_of("FREQ=WEEKLY;BYDAY=TU;COUNT=3", "20240101T090000", 9, {}, FirstInstance::if_hit),
            "20240102T090000,20240109T090000,20240116T090000");
}

TEST(Rule, GoesToAWindow) {
  const std::tuple<std::string_view, std::string_view, std::string_view, std::string_view> cases[] = {
      {"FREQ=SECONDLY", "19700101T000000", "20240101T000000", "20240101T000000,20240101T000001"},
      {"FREQ=SECONDLY;INTERVAL=7;COUNT=1000000000", "20000101T000000", "20240101T000000",
       "20240101T000002,20240101T000009"},
      {"FREQ=DAILY;INTERVAL=3;COUNT=5", "20240101", "20240111", "20240113"},
      {"FREQ=DAILY;INTERVAL=3;COUNT=5", "20240101", "20240114", "none"},
      {"FREQ=WEEKLY;BYDAY=MO,WE;INTERVAL=2", "20000103T120000", "20240101T130000", "20240103T120000,20240115T120000"},
      {"FREQ=WEEKLY;BYDAY=MO,WE;COUNT=7", "20240101T120000", "20240117T120001", "20240122T120000"},
      {"FREQ=MONTHLY;BYDAY=-1FR;INTERVAL=5", "19970131T090000", "20240101T000000", "20240223T090000,20240726T090000"},
      {"FREQ=YEARLY;INTERVAL=4", "20000229", "20240101", "20240229,20280229"},
      {"FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "19970101", "20241230", "20241230,20251229"},
      {"FREQ=HOURLY;BYMONTH=6;BYHOUR=23;INTERVAL=5", "20000101T000000", "20240101T000000",
       "20240601T230000,20240606T230000"},
      {"FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD;RSCALE=GREGORIAN", "20000131", "20240301", "20240301,20240331"},
      {"FREQ=DAILY;UNTIL=20240102", "20240101", "20240102", "20240102"},
  };
  for (const auto& [rule, start, from, expected] : cases) EXPECT_EQ(first_of(rule, start, 2, from), expected) << rule;
}

// A walk from the start gives what a jump gives.
TEST(Rule, JumpsToWhereItWouldHaveWalked) {
  for (const std::string_view text :
       {"FREQ=YEARLY;INTERVAL=3;BYMONTH=2,7;BYMONTHDAY=29,-3", "FREQ=MONTHLY;INTERVAL=7;BYDAY=2TU,-1SU",
        "FREQ=WEEKLY;INTERVAL=3;WKST=SU;BYDAY=SU,SA", "FREQ=DAILY;INTERVAL=11;BYMONTH=1,5",
        "FREQ=HOURLY;INTERVAL=7;BYDAY=MO", "FREQ=MINUTELY;INTERVAL=1000;BYHOUR=3,4,5",
        "FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1,53,-1;BYDAY=MO,SU", "FREQ=WEEKLY;INTERVAL=2;COUNT=500",
        "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=300", "FREQ=HOURLY;INTERVAL=30;COUNT=5000",
        "FREQ=DAILY;BYDAY=MO,TU,WE;BYHOUR=8,9;COUNT=2000", "RSCALE=HEBREW;FREQ=MONTHLY;INTERVAL=5",
        "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1"}) {
    const Rule rule = parse_rule(text).value();
    const Wall start = wall("19990131T083015");
    auto walker = RuleIterator::open(rule, start, false).value();
    Budget budget(10'000'000);
    std::vector<Wall> all;
    while (const auto next = walker.next(budget)) {
      all.push_back(*next);
      if (*next > wall("20250101T000000")) break;
    }
    for (const Wall from : {start - std::chrono::days(5), wall("19990131T083016"), wall("20000101T000000"),
                            wall("20081231T235959"), wall("20191228T083015")}) {
      auto jumper = RuleIterator::open(rule, start, false).value();
      jumper.seek(from);
      auto expected = std::ranges::lower_bound(all, from);
      for (int i = 0; i < 20 && expected != all.end(); ++i, ++expected) {
        const auto next = jumper.next(budget);
        ASSERT_TRUE(next.has_value()) << text;
        ASSERT_EQ(*next, *expected) << text << " at " << i;
      }
    }
  }
}

TEST(Rule, NeverWorksForEver) {
  for (const std::string_view text :
       {"FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30;INTERVAL=7",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6"})
    EXPECT_EQ(first_of(text, "20240101T000000"), "none") << text;
  const Rule rule = parse_rule("FREQ=HOURLY;INTERVAL=24;BYHOUR=5").value();
  auto iterator = RuleIterator::open(rule, wall("20240101T040000"), false, FirstInstance::if_hit).value();
  Budget budget(1000);
  EXPECT_FALSE(iterator.next(budget).has_value());
  EXPECT_TRUE(budget.is_spent());
  // Every second of 366 days as one period.
  std::string all = "FREQ=YEARLY;BYSETPOS=-1;BYYEARDAY=1";
  for (int day = 2; day <= 366; ++day) all += "," + std::to_string(day);
  for (const auto& [name, count] :
       {std::pair(";BYHOUR=0", 24), std::pair(";BYMINUTE=0", 60), std::pair(";BYSECOND=0", 60)}) {
    all += name;
    for (int n = 1; n < count; ++n) all += "," + std::to_string(n);
  }
  EXPECT_EQ(first_of(all, "20240101T000000", 2), "20241231T235959,20251231T235959");
}

TEST(Rule, OtherCalendars) {
  EXPECT_EQ(first_of("RSCALE=RUSSIAN;FREQ=YEARLY", "20240101"), "The calendar RUSSIAN of RSCALE is not known.");
  EXPECT_EQ(first_of("RSCALE=CHINESE;FREQ=YEARLY", "20130210", 4),
            "20130210,20140131,20150219,20160208");  // RFC 7529 section 4.3
  EXPECT_EQ(first_of("RSCALE=ETHIOPIC;FREQ=MONTHLY;BYMONTH=13", "20130906", 4), "20130906,20140906,20150906,20160906");
  EXPECT_EQ(first_of("RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", "20120229", 4),
            "20120229,20130301,20140301,20150301");
}

// For tests/recurrence/compare.py: expands the lines "DTSTART RRULE" of a file into another.
TEST(RuleOracle, ExpandsAFile) {
  const char* in = std::getenv("KONTOR_RULES_IN");
  const char* out = std::getenv("KONTOR_RULES_OUT");
  if (in == nullptr || out == nullptr) GTEST_SKIP() << "not asked";
  std::ifstream rules(in);
  std::ofstream answers(out);
  for (std::string start, rule; rules >> start >> rule;) answers << first_of(rule, start, 15) << '\n';
}

struct OracleBlock {
  std::string rule, start, from, instances;
};

std::vector<OracleBlock> oracle_blocks(const std::string& path) {
  std::ifstream file(path);
  std::vector<OracleBlock> blocks;
  OracleBlock block;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("RRULE:")) block = {.rule = line.substr(6)};
    if (line.starts_with("DTSTART:")) block.start = line.substr(8);
    if (line.starts_with("START-AT:")) block.from = line.substr(9);
    if (line.starts_with("INSTANCES:")) {
      block.instances = line.substr(10);
      blocks.push_back(block);
    }
  }
  return blocks;
}

TEST(RuleCorpus, AgreesWithTheExpectedListsOfLibical) {
  std::size_t seen = 0;
  for (const std::string_view name : {"icalrecur", "icalrecur_rscale", "icalrecur_rscale_withicu"}) {
    for (const OracleBlock& block :
         oracle_blocks(KONTOR_SOURCE_DIR "/../shared/corpus/expect/icalrecur/" + std::string(name) + ".txt")) {
      ++seen;
      std::string expected = block.instances;
      if (expected.contains("***")) {
        EXPECT_TRUE(first_of(block.rule, block.start).contains(' ')) << block.rule;
        continue;
      }
      // RFC 5545: BYMONTHDAY expands a yearly rule, so without BYMONTH it hits every month. libical takes DTSTART's
      // only.
      if (block.rule.contains("YEARLY;BYMONTHDAY")) continue;
      // They list what is before START-AT too.
      if (!block.from.empty())
        while (!expected.empty() && parse_when(expected.substr(0, expected.find(',')))->wall < wall(block.from))
          expected = expected.contains(',') ? expected.substr(expected.find(',') + 1) : "";
      const auto most = static_cast<std::size_t>(std::ranges::count(expected, ',')) + 1;
      EXPECT_EQ(first_of(block.rule, block.start, most, block.from), expected.empty() ? "none" : expected)
          << block.rule << " from " << block.start;
    }
  }
  if (seen == 0) GTEST_SKIP() << "no corpus";
}

}  // namespace
}  // namespace kontor::icalendar
