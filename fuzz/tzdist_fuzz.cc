// SPDX-License-Identifier: AGPL-3.0-or-later
// links: protocols_tzdist formats wire base
// Whatever is asked of the time zone service: an answer that says what it is. A path, a newline, a query.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/icalendar/calendar.h"
#include "protocols/tzdist/service.h"
#include "wire/http/parameters.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kontor;
  static const icalendar::ZoneDatabase zones;
  static const FakeClock clock{Instant(std::chrono::seconds(1'700'000'000))};
  static const tzdist::Service service(zones, clock);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find('\n');
  tzdist::Asked asked{.method = "GET",
                      .path = std::string(tzdist::kService) + std::string(text.substr(0, end)),
                      .parameters = {},
                      .headers = {}};
  if (end != std::string_view::npos) asked.parameters = wire::http::query_parameters(text.substr(end + 1));
  const tzdist::Told told = service.answer(asked);
  require(told.status == 200 || (told.status >= 400 && told.status < 500));
  require(told.body.size() < 1 << 20);
  if (told.status == 200 && told.content_type.starts_with("text/calendar")) {
    const auto read = icalendar::read(told.body);
    require(read && read->repairs.empty() && read->calendars.size() == 1);
    require(icalendar::zone_of_rules(read->calendars[0].components.at(0)).has_value());
  }
  return 0;
}
