// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// A calendar that was read is written so that it reads back the same, without repairs, in short lines; its values can
// be asked for.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"

namespace {

using namespace kontor;

void require(bool holds) {
  if (!holds) std::abort();
}

void ask(const lines::Component& component) {
  (void)icalendar::times_of(component);
  (void)icalendar::recurrence_id(component);
  (void)icalendar::attendees(component);
  (void)icalendar::alarm_of(component);
  (void)icalendar::text_list(component, "CATEGORIES");
  for (const lines::Property& property : component.properties)
    if (const auto when = icalendar::when_of(property)) {
      const auto again = icalendar::parse_when(icalendar::print(*when), when->zone);
      require(again && *again == *when);
    }
  for (const lines::Component& inner : component.components) ask(inner);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const lines::Limits limits{.bytes = 1 << 20, .depth = 4, .components = 50, .properties = 200, .parameters = 20};
  const auto found = icalendar::read(bytes, {}, limits);
  if (!found) return 0;
  for (const lines::Component& calendar : found->calendars) {
    ask(calendar);
    const std::string text = icalendar::write(calendar);
    for (std::size_t from = 0; from < text.size();) {
      const std::size_t end = text.find("\r\n", from);
      require(end != std::string::npos && end - from <= 75);
      from = end + 2;
    }
    const auto again = icalendar::read(text);
    require(again && again->calendars.size() == 1 && again->repairs.empty());
    require(again->calendars[0] == calendar);
  }
  return 0;
}
