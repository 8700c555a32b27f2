// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// Whatever a calendar says, its instances come in order, within the window, and within the budget; a jump gives what a
// walk gives.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/icalendar/calendar.h"
#include "formats/icalendar/series.h"

namespace {

using namespace kontor;
using namespace kontor::icalendar;

void require(bool holds) {
  if (!holds) std::abort();
}

const Instant kFrom = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1);
const Instant kTo = std::chrono::sys_days(std::chrono::year(2025) / 1 / 1);

void expand(const Series& series) {
  Budget budget(5'000);
  auto window = series.expand(kFrom, kTo);
  Instant before = Instant::min();
  for (int i = 0; i < 100; ++i) {
    const auto next = window.next(budget);
    if (!next || !*next) break;
    const Instance& found = **next;
    require(found.component != nullptr && before <= found.start && found.start <= found.end && found.start < kTo &&
            found.end >= kFrom);
    before = found.start;
  }
  Budget more(5'000);
  if (const auto extent = series.extent(more); extent && extent->last) require(extent->first <= *extent->last);
}

void jump(const Rule& rule, Wall start) {
  auto walker = RuleIterator::open(rule, start, false);
  auto jumper = RuleIterator::open(rule, start, false);
  if (!walker) return;
  const Wall from = start + std::chrono::days(400);
  jumper->seek(from);
  Budget walking(20'000);
  Budget jumping(20'000);
  auto expected = walker->next(walking);
  while (expected && *expected < from) expected = walker->next(walking);
  for (int i = 0; i < 5 && expected; ++i) {
    const auto next = jumper->next(jumping);
    if (!next && jumping.is_spent()) return;
    require(next == expected);
    expected = walker->next(walking);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ZoneDatabase database;
  const auto found = read(std::string_view(reinterpret_cast<const char*>(data), size), {},
                          {.bytes = 20'000, .depth = 4, .components = 30});
  if (!found) return 0;
  for (const lines::Component& calendar : found->calendars)
    for (const lines::Component& component : calendar.components) {
      if (const auto series = Series::open(calendar, uid(component), database, utc_zone())) expand(*series);
      for (const lines::Property* property : component.all("RRULE")) {
        const auto rule = parse_rule(property->value);
        if (!rule) continue;
        require(parse_rule(print(*rule)) == *rule);
        const auto start = when(component, "DTSTART");
        if (start && *start) jump(*rule, (*start)->wall);
      }
    }
  return 0;
}
