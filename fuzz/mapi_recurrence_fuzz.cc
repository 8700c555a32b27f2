// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats_mapi formats base
// A recurrence blob that was read whole is written as one that reads the same; what becomes of it is an event that the
// recurrence engine takes, in order. A time zone's rule reads back, and as VTIMEZONE is one that can be read.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/icalendar/series.h"
#include "formats/mapi/recurrence_rule.h"

namespace {

using namespace kontor;
using namespace kontor::mapi;

void require(bool holds) {
  if (!holds) std::abort();
}

const icalendar::ZoneDatabase& database() {
  static const icalendar::ZoneDatabase zones;
  return zones;
}

void check_recurrence(std::string_view bytes) {
  const auto found = read_recurrence(bytes);
  if (!found) return;
  const std::string once = write(found->recurrence);
  const auto again = read_recurrence(once);
  require(again && !again->is_damaged && write(again->recurrence) == once);
  static const FoundZone zone{"Europe/Berlin", database().find("Europe/Berlin"), std::nullopt};
  lines::Component event;
  event.name = "VEVENT";
  event.set("UID", "1");
  const auto overrides = add_recurrence(found->recurrence, {.is_all_day = bytes.size() % 2 == 0, .zone = &zone}, event);
  if (!overrides) return;
  require(overrides->size() == found->recurrence.exceptions.size());
  lines::Component calendar;
  calendar.name = "VCALENDAR";
  calendar.components.push_back(event);
  require(icalendar::parse_rule(event.value("RRULE")).has_value());
  require(icalendar::Series::open(calendar, "1", database(), icalendar::utc_zone()).has_value());
}

void check_zone(std::string_view bytes) {
  if (const auto rule = read_zone_struct(bytes)) {
    require(read_zone_struct(write_zone_struct(*rule)) == *rule);
    require(icalendar::zone_of_rules(vtimezone_of(*rule, "X")).has_value());
  }
  (void)read_zone_definition(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 4096));
  check_recurrence(bytes);
  check_zone(bytes);
  return 0;
}
