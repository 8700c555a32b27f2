// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/availability.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <array>
#include <tuple>

#include "formats/icalendar/calendar.h"

namespace kontor::icalendar {
namespace {

// "day hour-day hour" of what is unavailable in the week from Monday, 2024-07-01, on, in UTC; with another type its
// letter.
std::string week_of(std::string_view inner, std::uint64_t steps = 10'000) {
  static const ZoneDatabase zones;
  const auto read_calendar = read("BEGIN:VCALENDAR\n" + std::string(inner) + "END:VCALENDAR\n");
  const Instant monday = std::chrono::sys_days(std::chrono::year(2024) / 7 / 1);
  Budget budget(steps);
  const auto times =
      unavailable_times(read_calendar.value().calendars.front(), {.from = monday, .to = monday + std::chrono::days(7)},
                        zones, zones.find("Europe/Berlin"), budget);
  if (!times) return times.error().code == Errc::too_large ? "too large" : "invalid";
  static constexpr std::array kTypes = {"t", "b", ""};
  std::string out;
  for (const Busy& one : *times) {
    const auto hours = [&](Instant at) { return (at - monday).count() / 3600; };
    out += fmt::format("{}{}/{}-{}/{}{}", out.empty() ? "" : " ", hours(one.from) / 24, hours(one.from) % 24,
                       hours(one.to) / 24, hours(one.to) % 24, kTypes[static_cast<std::size_t>(one.type)]);
  }
  return out;
}

TEST(Availability, PrioritiesCountOverSeveralCalendars) {
  static const ZoneDatabase zones;
  const auto calendar = [](std::string_view inner) {
    return read("BEGIN:VCALENDAR\nBEGIN:VAVAILABILITY\nUID:1\n" + std::string(inner) +
                "END:VAVAILABILITY\nEND:VCALENDAR\n")
        .value()
        .calendars.front();
  };
  const auto usual = calendar("PRIORITY:5\nDTSTART:20240701T000000Z\nDTEND:20240703T000000Z\n");
  const auto visit = calendar(
      "PRIORITY:1\nBUSYTYPE:BUSY\nDTSTART:20240701T120000\nDTEND:20240702T120000\nBEGIN:AVAILABLE\nUID:a\n"
      "DTSTART:20240702T000000\nDTEND:20240702T120000\nEND:AVAILABLE\n");
  const Instant monday = std::chrono::sys_days(std::chrono::year(2024) / 7 / 1);
  const auto hour = [&](int hours) { return monday + std::chrono::hours(hours); };
  const Hours at_home{&usual, utc_zone()}, abroad{&visit, zones.find("Asia/Tokyo")};  // nine hours ahead
  const std::vector<Busy> right = {{hour(0), hour(3), BusyType::unavailable},
                                   {hour(3), hour(15), BusyType::busy},
                                   {hour(27), hour(48), BusyType::unavailable}};
  for (const auto& order : {std::array{at_home, abroad}, std::array{abroad, at_home}}) {
    Budget budget(10'000);
    EXPECT_EQ(unavailable_times(order, {.from = monday, .to = hour(72)}, zones, budget).value(), right);
  }
}

TEST(Availability, LeavesWhatIsNotAvailable) {
  const std::string office =
      "BEGIN:AVAILABLE\nUID:a\nDTSTART;TZID=Europe/Berlin:20240101T090000\nDTEND;TZID=Europe/Berlin:20240101T170000\n"
      "RRULE:FREQ=WEEKLY;BYDAY=MO,TU\nEND:AVAILABLE\n";
  const auto availability = [](std::string_view inner) {
    return fmt::format("BEGIN:VAVAILABILITY\nUID:1\n{}END:VAVAILABILITY\n", inner);
  };
  const std::tuple<std::string, std::string_view, std::string_view> cases[] = {
      {"", "", "nothing is said: free"},
      {availability(""), "0/0-7/0", "never available"},
      {availability(office), "0/0-0/7 0/15-1/7 1/15-7/0", "two days of the week, nine to five in summer"},
      {availability("BUSYTYPE:BUSY-TENTATIVE\n" + office), "0/0-0/7t 0/15-1/7t 1/15-7/0t", "in which way"},
      {availability("BUSYTYPE:BUSY\nDTSTART:20240702T000000Z\nDTEND:20240703T000000Z\n" + office), "1/0-1/7b 1/15-2/0b",
       "of one day only"},
      {availability("DTSTART:20240702T000000Z\nDURATION:PT12H\n"), "1/0-1/12", "by its length"},
      {availability("BEGIN:AVAILABLE\nUID:a\nDTSTART:20240701T000000\nDTEND:20240708T000000\nEND:AVAILABLE\n"),
       "6/22-7/0", "floating: where the viewer is"},
      {availability(office) + availability("PRIORITY:1\nDTSTART:20240701T000000Z\nDTEND:20240702T000000Z\n"),
       "0/0-1/7 1/15-7/0", "a day off goes before the hours that are kept"},
      {availability("PRIORITY:1\nDTSTART:20240701T000000Z\nDTEND:20240702T000000Z\n") +
           availability("PRIORITY:9\n" + office),
       "0/0-1/7 1/15-7/0", "in whatever order they stand"},
      {availability("PRIORITY:0\nDTSTART:20240701T000000Z\nDTEND:20240702T000000Z\n") +
           availability("PRIORITY:9\n" + office),
       "0/0-0/7 0/15-1/7 1/15-7/0", "none is the lowest"},
      {availability("DTSTART:20240701T000000Z\nDTEND:20240702T000000Z\nBEGIN:AVAILABLE\nUID:a\n"
                    "DTSTART:20240701T120000Z\nDTEND:20240703T000000Z\nEND:AVAILABLE\n"),
       "0/0-0/12", "what is available ends with what it is in"},
      {availability(office + "BEGIN:AVAILABLE\nUID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20240701T090000\n"
                             "DTSTART;TZID=Europe/Berlin:20240701T130000\nDTEND;TZID=Europe/Berlin:20240701T150000\n"
                             "END:AVAILABLE\n"),
       "0/0-0/11 0/13-1/7 1/15-7/0", "another time once"},
      {availability("DTSTART:soon\n"), "invalid", "no date"},
      {availability("BEGIN:AVAILABLE\nUID:a\nDTSTART:20240701T000000Z\nRRULE:FREQ=OFTEN\nEND:AVAILABLE\n"), "invalid",
       "no rule"},
      {availability("BEGIN:AVAILABLE\nUID:a\nDTSTART:20240701T000000Z\nRRULE:FREQ=SECONDLY\nEND:AVAILABLE\n"),
       "too large", "too often"},
  };
  for (const auto& [inner, expected, why] : cases) EXPECT_EQ(week_of(inner), expected) << why;
}

TEST(Availability, ManyHoursOfManyKindsAreTooMuch) {
  const auto hours = [](int kinds) {
    std::string out = "BEGIN:VAVAILABILITY\nUID:1\n";
    for (int i = 0; i < kinds; ++i)
      out +=
          fmt::format("BEGIN:AVAILABLE\nUID:{}\nDTSTART:20200101T000000Z\nDTEND:20200101T010000Z\nEND:AVAILABLE\n", i);
    return out + "END:VAVAILABILITY\n";
  };
  EXPECT_EQ(week_of(hours(200)), "0/0-7/0");
  EXPECT_EQ(week_of(hours(2000)), "too large");
}

}  // namespace
}  // namespace kontor::icalendar
