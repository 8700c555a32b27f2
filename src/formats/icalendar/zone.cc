// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/icalendar/zone.h"

#include <algorithm>

namespace kontor::icalendar {
namespace {

constexpr std::int64_t kDaySeconds = 86400;

}  // namespace

Zone::Zone(std::string name, std::int32_t first_offset, std::vector<Change> changes, std::optional<PosixZone> tail)
    : name_(std::move(name)), first_offset_(first_offset), changes_(std::move(changes)), tail_(tail) {}

std::chrono::seconds Zone::offset_at(Instant at) const {
  const std::int64_t second = at.time_since_epoch().count();
  if (tail_ && (changes_.empty() || second >= changes_.back().at))
    return std::chrono::seconds(tail_->offset_at(second));
  const auto next = std::ranges::upper_bound(changes_, second, {}, &Change::at);
  return std::chrono::seconds(next == changes_.begin() ? first_offset_ : std::prev(next)->offset);
}

std::vector<Zone::Change> Zone::changes_between(Instant from, Instant until) const {
  const std::int64_t first = from.time_since_epoch().count(), last = until.time_since_epoch().count();
  std::vector<Change> out;
  for (const Change& change : changes_)
    if (change.at >= first && change.at < last) out.push_back(change);
  if (!tail_ || !tail_->daylight) return out;
  const std::int64_t known = changes_.empty() ? INT64_MIN : changes_.back().at;
  const auto year_of = [](Instant at) {
    return static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(at)).year());
  };
  const Instant begin = std::max(from, known == INT64_MIN ? from : Instant(std::chrono::seconds(known)));
  std::vector<Change> later;
  for (int year = year_of(begin) - 1; begin < until && year <= year_of(until) + 1; ++year) {
    later.push_back({.at = wall_of(tail_->begin, year) - tail_->standard,
                     .offset = *tail_->daylight,
                     .is_daylight = true,
                     .name = tail_->daylight_name});
    later.push_back({.at = wall_of(tail_->end, year) - *tail_->daylight,
                     .offset = tail_->standard,
                     .is_daylight = false,
                     .name = tail_->standard_name});
  }
  std::ranges::sort(later, {}, &Change::at);
  for (Change& change : later)
    if (change.at > known && change.at >= first && change.at < last) out.push_back(std::move(change));
  return out;
}

Wall Zone::wall_at(Instant at) const { return Wall(at.time_since_epoch() + offset_at(at)); }

Zone::Resolved Zone::resolve(Wall wall) const {
  const Instant as_utc(wall.time_since_epoch());
  const std::chrono::seconds before = offset_at(as_utc - std::chrono::seconds(kDaySeconds));
  const std::chrono::seconds after = offset_at(as_utc + std::chrono::seconds(kDaySeconds));
  if (before == after || offset_at(as_utc - before) == before) return {.at = as_utc - before};
  if (offset_at(as_utc - after) == after) return {.at = as_utc - after};
  return {.at = as_utc - before, .is_in_gap = true};
}

ZonePointer utc_zone() { return std::make_shared<const Zone>("UTC", 0, std::vector<Zone::Change>(), std::nullopt); }

}  // namespace kontor::icalendar
