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
