// SPDX-License-Identifier: AGPL-3.0-or-later
// What recurrences cost on one processor, ours beside libical alone. Prints a line for each: what, then instances (or
// windows) a second of ours and of libical.
#include <fmt/core.h>
#include <libical/ical.h>

#include <chrono>
#include <functional>
#include <string>

#include "formats/icalendar/calendar.h"
#include "formats/icalendar/series.h"

namespace {

using namespace kontor;

struct Sample {
  const char* name;
  const char* begin;  // an instance of the rule: otherwise only ours counts it
  const char* rule;
};
constexpr Sample kSamples[] = {{"daily", "20160104T090000", "FREQ=DAILY"},
                               {"weekdays", "20160104T090000", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"},
                               {"second-tuesday", "20160112T090000", "FREQ=MONTHLY;BYDAY=2TU"},
                               {"yearly", "20160327T090000", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"}};

std::string calendar_text(const Sample& sample) {
  return fmt::format(
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:bench\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20160101T000000Z\r\n"
      "DTSTART;TZID=Europe/Berlin:{}\r\nDURATION:PT1H\r\nRRULE:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
      sample.begin, sample.rule);
}

// How often a second, counted in what `work` returns.
double rate(const std::function<std::size_t()>& work) {
  work();
  std::size_t count = 0;
  const auto begin = std::chrono::steady_clock::now();
  std::chrono::duration<double> took{};
  do {
    for (int i = 0; i < 10; ++i) count += work();
    took = std::chrono::steady_clock::now() - begin;
  } while (took.count() < 0.7);
  return static_cast<double>(count) / took.count();
}

Instant at(const char* utc) { return Instant(std::chrono::seconds(icaltime_as_timet(icaltime_from_string(utc)))); }

std::size_t ours(const lines::Component& calendar, const icalendar::ZoneDatabase& zones, Instant from, Instant to) {
  const auto series = icalendar::Series::open(calendar, "1", zones, zones.find("UTC")).value();
  icalendar::Budget budget(100'000'000);
  auto expansion = series.expand(from, to);
  std::size_t count = 0;
  while (expansion.next(budget).value()) ++count;
  return count;
}

std::size_t theirs(icalcomponent* event, const char* from, const char* to) {
  std::size_t count = 0;
  icalcomponent_foreach_recurrence(
      event, icaltime_from_string(from), icaltime_from_string(to),
      [](icalcomponent*, icaltime_span*, void* out) { ++*static_cast<std::size_t*>(out); }, &count);
  return count;
}

void compare(const char* what, const Sample& sample, const char* from, const char* to, bool counts_windows) {
  const auto text = calendar_text(sample);
  const auto read = icalendar::read(text).value();
  const icalendar::ZoneDatabase zones;
  icalcomponent* parsed = icalparser_parse_string(text.c_str());
  icalcomponent* event = icalcomponent_get_first_component(parsed, ICAL_VEVENT_COMPONENT);
  const auto begin = at(from), end = at(to);
  const auto one = ours(read.calendars[0], zones, begin, end), other = theirs(event, from, to);
  if (one != other) fmt::print(stderr, "{}: {} instances, libical finds {}\n", sample.name, one, other);
  const double mine = rate([&] {
    const auto count = ours(read.calendars[0], zones, begin, end);
    return counts_windows ? 1 : count;
  });
  const double libical = rate([&] {
    const auto count = theirs(event, from, to);
    return counts_windows ? 1 : count;
  });
  icalcomponent_free(parsed);
  fmt::print("{}-{} {:.0f} {:.0f}\n", what, sample.name, mine, libical);
}

}  // namespace

int main() {
  icaltimezone_set_builtin_tzdata(0);
  for (const auto& sample : kSamples) compare("decade", sample, "20160101T000000Z", "20260101T000000Z", false);
  for (const auto& sample : kSamples) compare("month", sample, "20260301T000000Z", "20260401T000000Z", true);
  return 0;
}
