// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/recurrence.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "formats/lines/writer.h"
#include "formats/mapi/recurrence_rule.h"

namespace kontor::mapi {
namespace {

// [MS-OXOCAL] section 4.1.1.1: every Monday, Thursday and Friday from 10:00 to 10:30, twelve times.
constexpr std::string_view kWeekly =
    "043004300b2001000000c0210000010000000000000032000000222000000c0000000000000000000000000000008020bc0c20adbc0c"
    "0630000009300000580200007602000000000000000000000000";
// Section 4.1.1.2: with one that is moved, renamed and elsewhere.
constexpr std::string_view kWeeklyChanged =
    "043004300b2001000000c0210000010000000000000032000000222000000c0000000000000001000000a096bc0c01000000a096bc0c"
    "8020bc0c20adbc0c0630000009300000580200007602000001003499bc0c5299bc0cf898bc0c11002200210053696d706c65205265637572"
    "72656e6365207769746820657863657074696f6e730800070033342f34313431000000000400000000000000000000003499bc0c5299bc0c"
    "f898bc0c2100530069006d0070006c006500200052006500630075007200720065006e006300650020007700690074006800200065007800"
    "630065007000740069006f006e0073000700330034002f0034003100340031000000000000000000";
// Section 4.1.1.3: every three days, two of which are deleted.
constexpr std::string_view kDaily =
    "043004300a2000000000a0050000e010000000000000212000000a0000000000000002000000a0c1dc0c80d2dc0c00000000207edc0c"
    "0016dd0c0630000009300000e0010000fe01000000000000000000000000";
// Section 4.1.1.6: yearly by the Hebrew calendar, one of which is tentative.
constexpr std::string_view kHebrew =
    "043004300d200200080080750a000c0000000000000003000000232000000a0000000000000001000000207edc0c01000000207edc0c"
    "6074c40cdf80e95a0630000009300000e0010000fe01000001000080dc0c1e80dc0c0080dc0c24023c00000001000000000000000400"
    "0000000000000000000000000000";

// [MS-OXOCAL] section 4.1.1.1: every Monday, Thursday and Friday from 10:00 to 10:30, ... one instance moved.
constexpr Minutes kMonday = 213655680;  // 2007-03-26

Recurrence read_hex(std::string_view hex) { return read_recurrence(from_hex(hex).value()).value().recurrence; }
Recurrence weekly() { return read_hex(kWeekly); }

TEST(Recurrence, OfTheDocumentIsReadAndWrittenTheSame) {
  for (const std::string_view hex : {kWeekly, kWeeklyChanged, kDaily, kHebrew}) {
    const auto found = read_recurrence(from_hex(hex).value());
    ASSERT_TRUE(found.has_value()) << found.error().text;
    EXPECT_FALSE(found->is_damaged);
    EXPECT_EQ(to_hex(write(found->recurrence)), hex);
  }
  const Recurrence changed = read_hex(kWeeklyChanged);
  EXPECT_EQ(changed.weekdays, 0x32U);
  EXPECT_EQ(changed.count, 12U);
  EXPECT_EQ(changed.start_date, kMonday);
  ASSERT_EQ(changed.exceptions.size(), 1U);
  EXPECT_EQ(changed.exceptions[0].subject, "Simple Recurrence with exceptions");
  EXPECT_EQ(changed.exceptions[0].location, "34/4141");
  EXPECT_EQ(changed.exceptions[0].start - changed.exceptions[0].original, 60U);
  EXPECT_EQ(read_hex(kHebrew).exceptions.at(0).reminder_minutes, 60U);
  EXPECT_TRUE(read_hex(kHebrew).exceptions.at(0).has_body);
}

TEST(Recurrence, CutOffKeepsWhatCameBefore) {
  const std::string bytes = from_hex(kWeeklyChanged).value();
  const std::size_t first_half = 62;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto part = read_recurrence(std::string_view(bytes).substr(0, size));
    EXPECT_EQ(part.has_value(), size >= first_half) << size;
    if (part) EXPECT_EQ(part->is_damaged, size > first_half) << size;
  }
}

TEST(Recurrence, TakesTheFirstHalfAlone) {
  Recurrence alone = weekly();
  alone.has_times = false;
  const auto found = read_recurrence(write(alone));
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->is_damaged);
  EXPECT_FALSE(found->recurrence.has_times);
  EXPECT_FALSE(read_recurrence(std::string_view(write(alone)).substr(0, 40)).has_value());
  EXPECT_FALSE(read_recurrence("").has_value());
  std::string many = write(alone);
  many.replace(38, 4, "\xFF\xFF\xFF\x7F");
  EXPECT_EQ(read_recurrence(many).error().code, Errc::too_large);
}

TEST(Recurrence, KeepsAllThatAnExceptionCanSay) {
  Recurrence series = weekly();
  series.exceptions = {{.start = kMonday + 700,
                        .end = kMonday + 760,
                        .original = kMonday + 600,
                        .subject = "Tee 😀",
                        .location = "Zimmer 1",
                        .meeting_type = 1,
                        .reminder_minutes = 30,
                        .has_reminder = true,
                        .busy_status = 3,
                        .has_attachments = 1,
                        .is_all_day = 0,
                        .color = 4,
                        .has_body = true,
                        .highlight = std::string(4, '\1')},
                       {.start = 1, .end = 2, .original = 3}};
  EXPECT_EQ(read_recurrence(write(series))->recurrence, series);
  for (Recurrence::Pattern pattern :
       {Recurrence::Pattern::day, Recurrence::Pattern::month, Recurrence::Pattern::month_nth,
        Recurrence::Pattern::month_end, Recurrence::Pattern::hijri_month_nth}) {
    Recurrence other;
    other.pattern = pattern;
    other.day = pattern == Recurrence::Pattern::month || pattern == Recurrence::Pattern::month_end ? 31 : 0;
    const bool is_nth = pattern == Recurrence::Pattern::month_nth || pattern == Recurrence::Pattern::hijri_month_nth;
    other.weekdays = is_nth ? 2 : 0;
    other.nth = is_nth ? 5 : 0;
    EXPECT_EQ(read_recurrence(write(other))->recurrence, other);
  }
}

TEST(RecurrenceRule, SaysEveryPattern) {
  using enum Recurrence::Frequency;
  using enum Recurrence::Pattern;
  struct Case {
    Recurrence::Frequency frequency;
    Recurrence::Pattern pattern;
    std::uint32_t period, weekdays, day, nth;
    std::string_view rule;
  };
  const Case cases[] = {
      {daily, day, 3 * 1440, 0, 0, 0, "FREQ=DAILY;INTERVAL=3"},
      {daily, week, 1, 0x3E, 0, 0, "FREQ=WEEKLY;WKST=SU;BYDAY=MO,TU,WE,TH,FR"},
      {weekly, week, 2, 0x41, 0, 0, "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SA,SU"},
      {monthly, month, 1, 0, 12, 0, "FREQ=MONTHLY;BYMONTHDAY=12"},
      {monthly, month, 2, 0, 30, 0, "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=28,29,30;BYSETPOS=-1"},
      {monthly, month, 1, 0, 31, 0, "FREQ=MONTHLY;BYMONTHDAY=-1"},
      {monthly, month_end, 1, 0, 31, 0, "FREQ=MONTHLY;BYMONTHDAY=-1"},
      {monthly, month_nth, 1, 0x04, 0, 2, "FREQ=MONTHLY;BYDAY=2TU"},
      {monthly, month_nth, 1, 0x20, 0, 5, "FREQ=MONTHLY;BYDAY=-1FR"},
      {monthly, month_nth, 1, 0x3E, 0, 5, "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"},
      {yearly, month, 12, 0, 26, 0, "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=26"},
      {yearly, month_nth, 24, 0x02, 0, 4, "FREQ=YEARLY;INTERVAL=2;BYMONTH=3;BYDAY=4MO"},
      {yearly, month, 36, 0, 30, 0, "FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYMONTHDAY=28,29,30;BYSETPOS=-1"},
      {monthly, hijri_month, 1, 0, 12, 0, "RSCALE=ISLAMIC-CIVIL;FREQ=MONTHLY;BYMONTHDAY=12"},
  };
  for (const Case& c : cases) {
    Recurrence from;
    from.frequency = c.frequency;
    from.pattern = c.pattern;
    from.period = c.period;
    from.weekdays = c.weekdays;
    from.day = c.day;
    from.nth = c.nth;
    from.start_date = kMonday;
    const auto rule = rule_of(from);
    ASSERT_TRUE(rule.has_value()) << c.rule;
    EXPECT_EQ(*rule, *icalendar::parse_rule(c.rule)) << icalendar::print(*rule) << " instead of " << c.rule;
  }
  EXPECT_EQ(*rule_of(read_hex(kHebrew)), *icalendar::parse_rule("RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=3"));
  const auto many = rule_of({.end = Recurrence::End::count, .count = 0xFFFFFFFF});
  EXPECT_EQ(*icalendar::parse_rule(icalendar::print(*many)), *many) << "no more than a rule takes";
  EXPECT_FALSE(rule_of({.frequency = weekly, .pattern = week}).has_value()) << "on no day";
  EXPECT_FALSE(rule_of({.frequency = monthly, .pattern = month, .calendar = 0x0E, .day = 1}).has_value());
}

TEST(RecurrenceSeries, HasItsDatesAndOverrides) {
  static const icalendar::ZoneDatabase database;
  const FoundZone zone{"Europe/Berlin", database.find("Europe/Berlin"), std::nullopt};
  Recurrence from = weekly();
  from.start_date -= 2 * 1440;  // the Saturday before: not an instance
  from.end = Recurrence::End::date;
  from.end_date = kMonday + 14 * 1440;  // after the clocks changed: Monday 2007-04-09
  from.deleted = {kMonday + 3 * 1440, kMonday + 4 * 1440};
  from.exceptions = {{.start = kMonday + 5 * 1440 + 660,
                      .end = kMonday + 5 * 1440 + 720,
                      .original = kMonday + 4 * 1440 + 600,
                      .subject = "Moved, later",
                      .busy_status = 3}};
  lines::Component event;
  event.name = "VEVENT";
  event.set("SUMMARY", "Tea");
  const auto overrides = add_recurrence(from, {.zone = &zone}, event);
  ASSERT_TRUE(overrides.has_value()) << overrides.error().text;
  EXPECT_EQ(lines::write(event),
            "BEGIN:VEVENT\r\nSUMMARY:Tea\r\nDTSTART;TZID=Europe/Berlin:20070326T100000\r\n"
            "DTEND;TZID=Europe/Berlin:20070326T103000\r\n"
            "RRULE:FREQ=WEEKLY;UNTIL=20070409T080000Z;BYDAY=MO,TH,FR;WKST=SU\r\n"
            "EXDATE;TZID=Europe/Berlin:20070329T100000\r\nEND:VEVENT\r\n");
  ASSERT_EQ(overrides->size(), 1U);
  EXPECT_EQ(lines::write(overrides->front()),
            "BEGIN:VEVENT\r\nSUMMARY:Moved\\, later\r\nDTSTART;TZID=Europe/Berlin:20070331T110000\r\n"
            "DTEND;TZID=Europe/Berlin:20070331T120000\r\nRECURRENCE-ID;TZID=Europe/Berlin:20070330T100000\r\n"
            "TRANSP:OPAQUE\r\nX-MICROSOFT-CDO-BUSYSTATUS:OOF\r\nEND:VEVENT\r\n");
}

TEST(RecurrenceSeries, HasTheStateOfEachInstance) {
  const auto state_of = [](const RecurrenceException& exception, const lines::Component& series) {
    Recurrence from = weekly();
    from.exceptions = {exception};
    from.exceptions.front().original = from.exceptions.front().start = kMonday + 600;
    from.exceptions.front().end = kMonday + 660;
    lines::Component event = series;
    const auto made = add_recurrence(from, {}, event);
    return std::pair(std::string(made->front().value("STATUS")), std::string(made->front().value("COLOR")));
  };
  lines::Component own;
  own.name = "VEVENT";
  own.set("STATUS", "TENTATIVE");
  own.set("COLOR", "red");
  lines::Component meeting = own;
  meeting.set("ORGANIZER", "mailto:ann@example.org");
  using State = std::pair<std::string, std::string>;
  EXPECT_EQ(state_of(RecurrenceException(), own), State("TENTATIVE", "red")) << "as the series";
  EXPECT_EQ(state_of({.busy_status = 2}, own), State("", "red"));
  EXPECT_EQ(state_of({.busy_status = 1, .color = 3}, own), State("TENTATIVE", "green"));
  EXPECT_EQ(state_of({.busy_status = 1}, meeting), State("", "red")) << "tentative is who attends";
  EXPECT_EQ(state_of({.meeting_type = 7, .color = 0}, meeting), State("CANCELLED", ""));
}

TEST(RecurrenceSeries, OfWholeDays) {
  Recurrence from;
  from.start_date = kMonday;
  from.end = Recurrence::End::date;
  from.end_date = kMonday + 1440;
  from.has_times = true;
  from.end_offset = 1440;
  from.deleted = {kMonday};
  lines::Component event;
  event.name = "VEVENT";
  ASSERT_TRUE(add_recurrence(from, {.is_all_day = true}, event).has_value());
  EXPECT_EQ(lines::write(event),
            "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20070326\r\nDTEND;VALUE=DATE:20070327\r\n"
            "RRULE:FREQ=DAILY;UNTIL=20070327\r\nEXDATE;VALUE=DATE:20070326\r\nEND:VEVENT\r\n");
}

}  // namespace
}  // namespace kontor::mapi
