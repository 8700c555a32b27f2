// SPDX-License-Identifier: AGPL-3.0-or-later
// VTIMEZONE (RFC 5545 section 3.6.5).
#include <fmt/core.h>

#include <algorithm>

#include "formats/icalendar/rule_iterator.h"
#include "formats/icalendar/zone.h"

namespace kontor::icalendar {
namespace {

constexpr std::size_t kMostChanges = 10'000;
const Wall kHorizon = std::chrono::local_days(std::chrono::year(2200) / 1 / 1);

struct Observance {
  std::chrono::seconds from, to;
  Wall start;
};

Result<Observance> observance_of(const lines::Component& component) {
  TRY(const auto from, parse_offset(component.value("TZOFFSETFROM")));
  TRY(const auto to, parse_offset(component.value("TZOFFSETTO")));
  TRY(const When start, parse_when(component.value("DTSTART")));
  return Observance{.from = from, .to = to, .start = start.wall};
}

Result<void> add_onsets(const lines::Component& component, const Observance& observance, Budget& budget,
                        std::vector<Zone::Change>& changes) {
  const auto add = [&](Wall onset) {
    changes.push_back({.at = (onset.time_since_epoch() - observance.from).count(),
                       .offset = static_cast<std::int32_t>(observance.to.count()),
                       .is_daylight = component.is("DAYLIGHT"),
                       .name = lines::unescape(component.value("TZNAME"))});
  };
  add(observance.start);
  for (const lines::Property* dates : component.all("RDATE")) {
    std::vector<Period> periods;
    TRY(const std::vector<When> onsets, whens_of(*dates, &periods));
    for (const When& onset : onsets) add(onset.wall);
  }
  for (const lines::Property* property : component.all("RRULE")) {
    TRY(Rule rule, parse_rule(property->value));
    if (rule.until && rule.until->kind == When::Kind::utc) rule.until->wall += observance.from;
    TRY(RuleIterator onsets, RuleIterator::open(rule, observance.start, false, FirstInstance::if_hit));
    for (auto onset = onsets.next(budget); onset && *onset < kHorizon; onset = onsets.next(budget)) {
      add(*onset);
      if (changes.size() > kMostChanges) break;
    }
  }
  if (changes.size() > kMostChanges || budget.is_spent())
    return fail(Errc::too_large, "A VTIMEZONE changes its clocks too often.");
  return {};
}

}  // namespace

Result<ZonePointer> zone_of_rules(const lines::Component& vtimezone) {
  std::vector<Zone::Change> changes;
  std::optional<Observance> first;
  Budget budget(200'000);
  for (const lines::Component& component : vtimezone.components) {
    if (!component.is("STANDARD") && !component.is("DAYLIGHT")) continue;
    TRY(const Observance observance, observance_of(component));
    if (!first || observance.start < first->start) first = observance;
    TRY_VOID(add_onsets(component, observance, budget, changes));
  }
  if (!first) return fail(Errc::invalid, "A VTIMEZONE has neither STANDARD nor DAYLIGHT.");
  // At one instant the later in the text wins.
  std::ranges::reverse(changes);
  std::ranges::sort(changes, {}, &Zone::Change::at);
  return std::make_shared<const Zone>(lines::unescape(vtimezone.value("TZID")),
                                      static_cast<std::int32_t>(first->from.count()), std::move(changes), std::nullopt);
}

}  // namespace kontor::icalendar
