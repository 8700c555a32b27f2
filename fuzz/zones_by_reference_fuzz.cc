// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// A calendar without the zones that everybody knows, and with all of them: nothing else of it changes, and a second
// time nothing at all.
#include "formats/icalendar/zones_by_reference.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/icalendar/calendar.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kontor;
  static const icalendar::ZoneDatabase zones;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto found =
      icalendar::read(bytes, {}, {.bytes = 1 << 20, .depth = 4, .components = 50, .properties = 200, .parameters = 20});
  if (!found) return 0;
  const auto without_zones = [](lines::Component calendar) {
    std::erase_if(calendar.components, [](const lines::Component& one) { return one.is("VTIMEZONE"); });
    return calendar;
  };
  for (const lines::Component& calendar : found->calendars) {
    lines::Component out = calendar, in = calendar;
    icalendar::leave_zones_out(out, zones);
    require(without_zones(out) == without_zones(calendar));
    require(!icalendar::leave_zones_out(out, zones));
    icalendar::put_zones_in(in, zones);
    require(without_zones(in) == without_zones(calendar));
    require(!icalendar::put_zones_in(in, zones));
    const auto again = icalendar::read(icalendar::write(in));
    require(again && again->calendars.size() == 1);
  }
  return 0;
}
