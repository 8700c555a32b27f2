// SPDX-License-Identifier: AGPL-3.0-or-later
// links: protocols_dav groupware wire formats base
// The body of a calendar-query, a zero byte, a calendar: whatever is asked is answered with bounded work; what is
// expanded has no rules and lies in the window; excerpts can be read again; what matches is not ruled out by its bytes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/icalendar/access.h"
#include "formats/icalendar/busy.h"
#include "formats/icalendar/calendar.h"
#include "formats/icalendar/calendar_object.h"
#include "formats/icalendar/excerpt.h"
#include "protocols/dav/calendar_data.h"
#include "protocols/dav/calendar_filter.h"
#include "wire/dav/reports.h"

namespace {

using namespace kontor;

void must_hold(bool holds) {
  if (!holds) std::abort();
}

const icalendar::ZoneDatabase& zones() {
  static const icalendar::ZoneDatabase kZones;
  return kZones;
}

void ask(const wire::dav::CalendarQuery& query, const std::string& bytes) {
  const auto found = icalendar::read(bytes, "utf-8", {.bytes = 1 << 20, .depth = 6, .components = 200});
  if (!found) return;
  const lines::Component& calendar = found->calendars.front();
  icalendar::Budget budget(20'000);
  icalendar::Occurrences occurrences(calendar, zones(), zones().find("Europe/Berlin"), budget);
  if (dav::check_filter(query.filter) && dav::matches(query.filter, calendar, occurrences))
    must_hold(dav::hint_of(query.filter).may_be_in(bytes));
  (void)dav::gist_of(query.filter);
  if (query.wanted.calendar) {
    const auto text = dav::rendered(bytes, *query.wanted.calendar, zones(), icalendar::utc_zone());
    if (text && *text != bytes) must_hold(icalendar::read(*text).has_value());
  }
  const icalendar::Window window{.from = Instant(std::chrono::seconds(1'700'000'000)),
                                 .to = Instant(std::chrono::seconds(1'710'000'000))};
  icalendar::Budget more(20'000);
  icalendar::Occurrences again(calendar, zones(), zones().find("Europe/Berlin"), more);
  std::vector<icalendar::Busy> times;
  for (const lines::Component& one : calendar.components) icalendar::told_times(one, window, times);
  for (const icalendar::Busy& one : icalendar::merged(times))
    must_hold(one.from < one.to && one.from >= window.from && one.to <= window.to);
  if (const auto all = icalendar::expanded(calendar, window, 1000, again)) {
    must_hold(all->components.size() <= 1000 + calendar.components.size());
    for (const lines::Component& one : all->components)
      if (one.is("VEVENT") && one.find("DTSTART")) must_hold(!one.find("RRULE") && !one.find("EXDATE"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = input.find('\0');
  if (zero == std::string_view::npos) return 0;
  const std::string bytes(input.substr(zero + 1));
  (void)icalendar::read_calendar_object(bytes, zones());
  const auto report = wire::dav::parse_report(input.substr(0, zero));
  if (!report) return 0;
  if (const auto* query = std::get_if<wire::dav::CalendarQuery>(&*report)) ask(*query, bytes);
  return 0;
}
