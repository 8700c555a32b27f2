// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/zone_rule.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace kontor::mapi {
namespace {

const icalendar::ZoneDatabase& database() {
  static const icalendar::ZoneDatabase zones;
  return zones;
}

ZoneRule amsterdam() {
  return {.bias = -60,
          .daylight_bias = -60,
          .standard_begin = {.month = 10, .day = 5, .hour = 3},
          .daylight_begin = {.month = 3, .day = 5, .hour = 2}};
}

TEST(ZoneRule, OfKopano) {
  const std::string bytes =
      from_hex("c4ffffff00000000c4ffffff000000000a00000005000300000000000000000000000300000005000200000000000000")
          .value();
  const auto rule = read_zone_struct(bytes);
  ASSERT_TRUE(rule.has_value());
  EXPECT_EQ(*rule, amsterdam());
  EXPECT_EQ(write_zone_struct(*rule), bytes);
  EXPECT_FALSE(read_zone_struct(std::string_view(bytes).substr(0, 46)).has_value()) << "two bytes are missing";
  std::string bad = bytes;
  bad[16] = 13;
  EXPECT_FALSE(read_zone_struct(bad).has_value()) << "there is no such month";
}

// [MS-OXOCAL] sections 4.1.4 and 4.1.5.
TEST(ZoneRule, OfTheDocument) {
  const auto definition = read_zone_definition(
      from_hex(
          "0201300002001500500061006300690066006900630020005300740061006e0064006100720064002000540069006d006500"
          "020002013e000000d6070000000000000000000000000000e001000000000000c4ffffff00000a000000050002000000000000000000"
          "040000000100020000000000000002013e000200d7070000000000000000000000000000e001000000000000c4ffffff00000b000000"
          "0100020000000000000000000300000002000200000000000000")
          .value());
  ASSERT_TRUE(definition.has_value()) << definition.error().text;
  EXPECT_EQ(definition->key, "Pacific Standard Time");
  ASSERT_EQ(definition->rules.size(), 2U);
  EXPECT_EQ(definition->rules[1].year, 2007);
  const auto rule = read_zone_struct(
      from_hex("e001000000000000c4ffffff000000000b00000001000200000000000000000000000300000002000200000000000000")
          .value());
  ASSERT_TRUE(rule.has_value());
  ASSERT_NE(definition->rule(), nullptr);
  EXPECT_EQ(*definition->rule(), *rule) << "the effective one";
  EXPECT_EQ(find_zone({.key = definition->key, .rule = &*rule}, 2026, database())->id, "America/Los_Angeles");
  EXPECT_FALSE(read_zone_definition(std::string_view("\2\1\x30\0", 4)).has_value());
}

TEST(ZoneRule, FindsTheZoneOfTheWorld) {
  const ZoneRule rule = amsterdam();
  const ZoneRule london{.daylight_bias = -60,
                        .standard_begin = {.month = 10, .day = 5, .hour = 2},
                        .daylight_begin = {.month = 3, .day = 5, .hour = 1}};
  const ZoneRule india{.bias = -330};
  struct Case {
    ZoneHints hints;
    std::string_view id;
    std::string_view why;
  };
  const Case cases[] = {
      {{.description = "Europe/Amsterdam", .rule = &rule}, "Europe/Amsterdam", "a known name that agrees"},
      {{.key = "W. Europe Standard Time", .rule = &rule}, "Europe/Berlin", "Windows' name"},
      {{.description = "(GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", .rule = &rule},
       "Europe/Berlin",
       "by the rule"},
      {{.description = "Europe/Amsterdam", .rule = &london}, "Europe/London", "clocks count, not names"},
      {{.rule = &india}, "Asia/Kolkata", "without daylight time"},
      {{.description = "Europe/Oslo"}, "Europe/Oslo", "a name alone"},
  };
  for (const Case& c : cases) {
    const auto found = find_zone(c.hints, 2026, database());
    ASSERT_TRUE(found.has_value()) << c.why;
    EXPECT_EQ(found->id, c.id) << c.why;
    EXPECT_FALSE(found->vtimezone.has_value()) << c.why;
  }
  EXPECT_FALSE(find_zone({.description = "somewhere"}, 2026, database()).has_value());
}

TEST(ZoneRule, OfThisYearIsMeantInAnyYear) {
  const auto york = rule_in_force(*database().find("America/New_York"));
  ASSERT_TRUE(york.has_value());
  EXPECT_EQ(to_hex(write_zone_struct(*york)).substr(0, 24), "2c01000000000000c4ffffff");
  // In 2001 clocks went otherwise there.
  EXPECT_EQ(find_zone({.description = "America/New_York", .rule = &*york}, 2001, database())->id, "America/New_York");
  EXPECT_EQ(find_zone({.description = "Eastern Time", .rule = &*york}, 2001, database())->id, "America/New_York");
  EXPECT_FALSE(rule_in_force(*database().find("America/Nuuk")).has_value()) << "on the day before, at 22:00 or 23:00";
}

TEST(ZoneRule, OfNoZoneOfTheWorldIsWrittenDown) {
  const ZoneRule odd{.bias = -77,
                     .daylight_bias = -60,
                     .standard_begin = {.month = 9, .weekday = 2, .day = 2, .hour = 3},
                     .daylight_begin = {.month = 4, .weekday = 1, .day = 5, .hour = 2}};
  const auto found = find_zone({.description = "Moon; base", .rule = &odd}, 2026, database());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, "Moon; base");
  ASSERT_TRUE(found->vtimezone.has_value());
  ASSERT_EQ(found->vtimezone->components.size(), 2U);
  EXPECT_EQ(found->vtimezone->components[0].value("RRULE"), "FREQ=YEARLY;BYMONTH=9;BYDAY=2TU");
  EXPECT_EQ(found->vtimezone->components[0].value("DTSTART"), "19700908T030000");
  EXPECT_EQ(found->vtimezone->components[0].value("TZOFFSETFROM"), "+0217");
  EXPECT_EQ(found->vtimezone->components[0].value("TZOFFSETTO"), "+0117");
  EXPECT_EQ(found->vtimezone->components[1].value("RRULE"), "FREQ=YEARLY;BYMONTH=4;BYDAY=-1MO");
  using namespace std::chrono;
  EXPECT_EQ(found->zone->offset_at(sys_days(year(2026) / 7 / 1)), minutes(137));
  EXPECT_EQ(found->zone->offset_at(sys_days(year(2026) / 12 / 1)), minutes(77));
}

}  // namespace
TEST(ZoneRule, OffsetsOfADayAreNone) {
  ZoneRule rule{.bias = -1439};
  EXPECT_EQ(read_zone_struct(write_zone_struct(rule)), rule);
  rule.bias = -1440;
  EXPECT_FALSE(read_zone_struct(write_zone_struct(rule)).has_value());
  rule = {.bias = 1000, .daylight_bias = 1000};
  EXPECT_FALSE(read_zone_struct(write_zone_struct(rule)).has_value());
}

}  // namespace kontor::mapi
