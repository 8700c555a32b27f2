// SPDX-License-Identifier: AGPL-3.0-or-later
// What a calendar-query finds by indexes and hints is what the filter finds in every single object.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "formats/icalendar/calendar.h"
#include "groupware/calendar/own_parts.h"
#include "protocols/dav/calendar.h"
#include "protocols/dav/calendar_filter.h"
#include "protocols/dav/dav_fixture.h"
#include "wire/dav/reports.h"

namespace kontor::dav {
namespace {

const std::string kSearched = "/dav/calendars/ada@example.org/calendar/";

// Calendar objects and filters at random: a few values for everything, so that they meet.
class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}

  std::size_t pick(std::size_t most) { return random_() % most; }
  template <std::size_t Size>
  std::string_view one_of(const std::string_view (&all)[Size]) {
    return all[pick(Size)];
  }

  std::string object(const std::string& uid) {
    kind_ = pick(6) == 0 ? "VTODO" : pick(8) == 0 ? "VJOURNAL" : "VEVENT";
    const bool is_series = pick(3) == 0;
    std::string out = fmt::format("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}BEGIN:{}\r\nUID:{}\r\n",
                                  pick(2) == 0 ? "PRODID:-//x//x//EN\r\n" : "", kind_, uid);
    const std::string start = times();
    out += start + text();
    if (is_series && start.starts_with("DTSTART")) {
      static constexpr std::string_view kRules[] = {"FREQ=DAILY;COUNT=5", "FREQ=WEEKLY;COUNT=4", "FREQ=MONTHLY",
                                                    "FREQ=WEEKLY;UNTIL=20260401T000000Z"};
      out += fmt::format("RRULE:{}\r\n", one_of(kRules));
    }
    if (kind_ != "VJOURNAL")
      for (std::size_t i = pick(3); i > 0; --i) out += alarm();
    out += fmt::format("END:{}\r\n", kind_);
    if (is_series && start.starts_with("DTSTART:") && start.contains("Z\r\n")) {
      const std::string id = start.substr(8, 16);
      out += fmt::format("BEGIN:{0}\r\nUID:{1}\r\nRECURRENCE-ID:{2}\r\nDTSTART:2026030{3}T120000Z\r\n{4}{5}END:{0}\r\n",
                         kind_, uid, id, 1 + pick(9), text(), pick(2) == 0 ? alarm() : "");
    }
    return out + "END:VCALENDAR\r\n";
  }

  // Without its comp-filter of VCALENDAR.
  std::string filter() {
    static constexpr std::string_view kKinds[] = {"VEVENT", "VEVENT", "VEVENT", "VTODO", "VJOURNAL"};
    std::string inner;
    if (pick(4) == 0) inner += range();
    for (std::size_t i = pick(3); i > 0; --i) inner += property();
    if (pick(2) == 0) inner += bell();
    return fmt::format(R"({}<C:comp-filter name="{}">{}</C:comp-filter>)", pick(12) == 0 ? calendar_property() : "",
                       one_of(kKinds), inner);
  }

 private:
  std::string times() {
    const auto day = 1 + pick(28), hour = pick(24), length = pick(4);
    const std::string at = fmt::format("2026{:02}{:02}", 2 + pick(3), day);
    if (kind_ == "VTODO" && pick(2) == 0) return pick(2) == 0 ? fmt::format("DUE:{}T{:02}0000Z\r\n", at, hour) : "";
    const std::string duration = length == 0 ? "" : fmt::format("DURATION:PT{}H\r\n", length * length * 10);
    switch (pick(5)) {
      case 0:
        return fmt::format("DTSTART;VALUE=DATE:{}\r\n", at);
      case 1:
        return fmt::format("DTSTART;TZID=America/New_York:{}T{:02}0000\r\n{}", at, hour, duration);
      case 2:
        return fmt::format("DTSTART:{}T{:02}0000\r\n{}", at, hour, duration);
      default:
        return fmt::format("DTSTART:{}T{:02}0000Z\r\n{}", at, hour, duration);
    }
  }

  std::string text() {
    static constexpr std::string_view kValues[] = {"Budget of the year",
                                                   "Bud\r\n get of the year",
                                                   "BUDGET\\, later",
                                                   "Grüße aus Köln",
                                                   "GRÜSSE",
                                                   "team",
                                                   "Te\r\n\tam\\nlunch",
                                                   "folded\r\n  before it comes to its end\\; but long"};
    std::string out;
    for (const std::string_view name : {"SUMMARY", "DESCRIPTION", "LOCATION", "CATEGORIES"})
      if (pick(2) == 0) out += fmt::format("{}:{}\r\n", name, one_of(kValues));
    if (pick(4) == 0) out += "ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=\"Team, all\":mailto:team@example.org\r\n";
    return out;
  }

  std::string alarm() {
    static constexpr std::string_view kTriggers[] = {":-PT15M",
                                                     ":PT0S",
                                                     ":-P1D",
                                                     ":-P3W",
                                                     ";RELATED=END:PT5M",
                                                     ":P2D",
                                                     ";VALUE=DATE-TIME:19760401T005545Z",
                                                     ";VALUE=DATE-TIME:20260310T120000Z",
                                                     ":-PT1H\r\nREPEAT:3\r\nDURATION:PT12H",
                                                     ":never"};
    return fmt::format("BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Reminder\r\nTRIGGER{}\r\nEND:VALARM\r\n",
                       one_of(kTriggers));
  }

  std::string range() {
    const std::string day = fmt::format("2026{:02}{:02}T", 2 + pick(3), 1 + pick(28));
    switch (pick(6)) {
      case 0:
        return fmt::format(R"(<C:time-range start="{}000000Z"/>)", day);
      case 1:
        return fmt::format(R"(<C:time-range end="{}000000Z"/>)", day);
      case 2:
        return R"(<C:time-range start="19760401T000000Z" end="19760402T000000Z"/>)";
      default:
        return fmt::format(R"(<C:time-range start="{0}{1:02}0000Z" end="{0}235959Z"/>)", day, pick(24));
    }
  }

  std::string text_match() {
    static constexpr std::string_view kTexts[] = {"budget", "Budget of", "the year", "later",           "grüsse",
                                                  "grüße",  "team",      "m\nl",     "to its end; but", "x-1",
                                                  "X-2",    "",          "nowhere",  "action",          "-"};
    static constexpr std::string_view kCollations[] = {"i;ascii-casemap", "i;octet", "i;unicode-casemap"};
    static constexpr std::string_view kHows[] = {"contains", "contains", "equals", "starts-with", "ends-with"};
    return fmt::format(R"(<C:text-match collation="{}" match-type="{}"{}>{}</C:text-match>)", one_of(kCollations),
                       one_of(kHows), pick(5) == 0 ? R"( negate-condition="yes")" : "", one_of(kTexts));
  }

  std::string property() {
    static constexpr std::string_view kNames[] = {"SUMMARY",     "SUMMARY",    "UID",     "UID",
                                                  "DESCRIPTION", "CATEGORIES", "ATTENDEE"};
    const std::string_view name = one_of(kNames);
    if (pick(10) == 0) return fmt::format(R"(<C:prop-filter name="{}"><C:is-not-defined/></C:prop-filter>)", name);
    if (name == "ATTENDEE" && pick(2) == 0)
      return fmt::format(
          R"(<C:prop-filter name="ATTENDEE"><C:param-filter name="PARTSTAT">{}</C:param-filter></C:prop-filter>)",
          text_match());
    return fmt::format(R"(<C:prop-filter name="{}">{}</C:prop-filter>)", name, text_match());
  }

  std::string calendar_property() {
    return fmt::format(R"(<C:prop-filter name="PRODID"><C:text-match>{}</C:text-match></C:prop-filter>)",
                       pick(2) == 0 ? "Kontor" : "x");
  }

  std::string bell() {
    const std::size_t way = pick(8);
    const std::string inner = way == 0 ? "<C:is-not-defined/>" : way == 1 ? "" : range();
    return fmt::format(R"(<C:comp-filter name="VALARM">{}</C:comp-filter>)", inner);
  }

  std::mt19937 random_;
  std::string kind_;
};

class CalendarSearchTest : public DavTest {
 protected:
  void SetUp() override {
    DavTest::SetUp();
    let_calendar_take_all();
    const auto account = open(ada);
    grant(*account, by_role(*account, groupware::FolderRole::calendar), ben,
          groupware::right::kRead | groupware::right::kReadPrivate);
  }

  static std::string query(const std::string& filter) {
    return R"(<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop>)"
           R"(<C:filter><C:comp-filter name="VCALENDAR">)" +
           filter + R"(</C:comp-filter></C:filter><C:timezone-id>Europe/Berlin</C:timezone-id></C:calendar-query>)";
  }
  std::vector<std::string> found(const std::string& filter, PrincipalId who = {}) {
    const Response response = ask("REPORT", kSearched, query(filter), {{"Depth", "1"}}, who);
    EXPECT_EQ(response.status, 207U) << filter;
    std::vector<std::string> names;
    for (std::size_t at = 0; (at = response.body.find("<D:href>", at)) != std::string::npos;) {
      const std::size_t end = response.body.find("</D:href>", at);
      const std::size_t begin = response.body.rfind('/', end - 1) + 1;
      names.push_back(response.body.substr(begin, end - begin));
      at = end;
    }
    std::ranges::sort(names);
    return names;
  }
  // By reading all.
  static std::vector<std::string> matching(const std::string& filter, const std::map<std::string, std::string>& all) {
    static const icalendar::ZoneDatabase zones;
    const auto report = wire::dav::parse_report(query(filter));
    const auto& wanted = std::get<wire::dav::CalendarQuery>(*report).filter;
    std::vector<std::string> names;
    for (const auto& [name, bytes] : all) {
      const auto read = groupware::must(icalendar::read(bytes));
      icalendar::Budget budget(50'000);
      icalendar::Occurrences occurrences(read.calendars.front(), zones, zones.find("Europe/Berlin"), budget);
      if (matches(wanted, read.calendars.front(), occurrences)) names.push_back(name);
    }
    return names;
  }
};

// KONTOR_SEARCHES=20: of so many calendars.
TEST_F(CalendarSearchTest, FindsWhatMatchesAndNothingElse) {
  const char* const wish = std::getenv("KONTOR_SEARCHES");
  for (int seed = 1; seed <= (wish ? std::atoi(wish) : 2); ++seed) {
    Dice dice(static_cast<unsigned>(seed));
    std::map<std::string, std::string> all, without_alarms;  // as a guest sees them
    for (int i = 0; i < 60; ++i) {
      const std::string uid = fmt::format("{}-{}-{}", i % 2 == 0 ? "x" : "Ü", i, seed),
                        name = fmt::format("{}-{}.ics", i, seed);
      const std::string bytes = dice.object(uid);
      ASSERT_EQ(ask("PUT", kSearched + name, bytes, {{"Content-Type", "text/calendar"}}).status, 201U) << bytes;
      all.emplace(name, bytes);
      without_alarms.emplace(name, groupware::must(groupware::seen_without(bytes)));
    }
    std::size_t count = 0;
    for (int i = 0; i < 150; ++i) {
      const std::string filter = dice.filter();
      const auto expected = matching(filter, all);
      EXPECT_EQ(found(filter), expected) << filter;
      if (i % 10 == 0) {
        EXPECT_EQ(found(filter, ben), matching(filter, without_alarms)) << filter;
      }
      count += expected.size();
    }
    EXPECT_GT(count, 300U) << "not everything is empty";
    for (const auto& [name, bytes] : all) ASSERT_EQ(ask("DELETE", kSearched + name).status, 204U);
  }
}

TEST_F(CalendarSearchTest, AUidIsFoundWhateverItsCase) {
  const std::string object =
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:\xC3\xA9t\xC3\xA9-1\r\n"
      "DTSTART:20260204T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
  ASSERT_EQ(ask("PUT", kSearched + "a.ics", object, {{"Content-Type", "text/calendar"}}).status, 201U);
  const auto by_uid = [&](std::string_view collation, std::string_view text) {
    return found(fmt::format(R"(<C:comp-filter name="VEVENT"><C:prop-filter name="UID"><C:text-match collation="{}">{})"
                             R"(</C:text-match></C:prop-filter></C:comp-filter>)",
                             collation, text))
        .size();
  };
  EXPECT_EQ(by_uid("i;unicode-casemap", "\xC3\x89T\xC3\x89-1"), 1U);
  EXPECT_EQ(by_uid("i;ascii-casemap", "\xC3\x89T\xC3\x89-1"), 0U);
  EXPECT_EQ(by_uid("i;ascii-casemap", "T\xC3\xA9-1"), 1U);
  EXPECT_EQ(by_uid("i;octet", "T\xC3\xA9-1"), 0U);
}

}  // namespace
}  // namespace kontor::dav
